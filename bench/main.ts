import { benchActions } from './actions';
import { benchHistory } from './history';
import { runBenches } from './run-benches';
import { benchThroughput } from './throughput';
import { benchUpload } from './upload';
import { benchWaiting } from './waiting';

/** `npm run bench [-- name …]` */
runBenches(
  {
    throughput: benchThroughput,
    history: benchHistory,
    upload: benchUpload,
    waiting: benchWaiting,
    actions: benchActions,
  },
  process.argv.slice(2),
);
