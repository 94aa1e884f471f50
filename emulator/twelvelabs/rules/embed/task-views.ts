import type { EmbeddingPlan, EmbedTaskRecord, MediaFacts } from '../../store/records';

/** `metadata` of a task that was asked for by its id. */
export function taskMetadata({ plan, filename, url }: EmbedTaskRecord, media: MediaFacts | undefined) {
  const { inputType, options, scopes, clipSec, dimension } = plan;
  return {
    input_type: inputType,
    ...inputOf(filename, url),
    ...(inputType === 'image' ? {} : { embedding_options: options, embedding_scopes: scopes }),
    ...(inputType === 'video' ? { clip_length: clipSec } : {}),
    ...timesOf(plan, media),
    ...(dimension === undefined ? {} : { embedding_dimension: dimension }),
  };
}

/** `metadata` of a task in the list, which has other names; both the document's and the newer SDK's are given. */
export function listedMetadata({ plan, filename, url }: EmbedTaskRecord, media: MediaFacts | undefined) {
  const { inputType, options, scopes, clipSec } = plan;
  return {
    ...inputOf(filename, url),
    [`${inputType}_embedding_option`]: options,
    [`${inputType}_embedding_scope`]: scopes,
    ...(inputType === 'video' ? { video_clip_length: clipSec } : {}),
    ...(inputType === 'audio' ? { audio_embedding_options: options, audio_embedding_scopes: scopes } : {}),
    ...timesOf(plan, media),
  };
}

/** Not the URL itself, which may be presigned. */
const inputOf = (filename?: string, url?: string) => ({
  ...(filename === undefined ? {} : { input_filename: filename }),
  ...(url === undefined ? {} : { input_url: url.split('?')[0] }),
});

function timesOf({ startSec, endSec }: EmbeddingPlan, media: MediaFacts | undefined) {
  if (media?.durationSec === undefined) return {};
  return {
    duration: media.durationSec,
    ...(startSec === undefined ? {} : { start_offset_sec: startSec }),
    ...(endSec === undefined ? {} : { end_offset_sec: endSec }),
  };
}
