import { benchActions } from './actions';
import { benchImages } from './datature-vi/images';
import { benchStarts } from './datature-vi/starts';
import { benchVideo } from './datature-vi/video';
import { benchHistory } from './history';
import { benchListing } from './listing';
import { benchPreflight } from './preflight';
import { runBenches } from './run-benches';
import { benchThroughput } from './throughput';
import { benchLargeResults } from './twelvelabs/large-results';
import { benchRequests } from './twelvelabs/requests';
import { benchUpload } from './upload';
import { benchWaiting } from './waiting';

/** `npm run bench [-- name …]` */
runBenches('bench', {
  throughput: benchThroughput,
  history: benchHistory,
  listing: benchListing,
  preflight: benchPreflight,
  requests: benchRequests,
  upload: benchUpload,
  results: benchLargeResults,
  waiting: benchWaiting,
  actions: benchActions,
  images: benchImages,
  video: benchVideo,
  starts: benchStarts,
});
