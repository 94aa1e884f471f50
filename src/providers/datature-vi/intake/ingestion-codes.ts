import type { FailureType } from '../../../contracts/failures';

interface CodeMeaning {
  type: FailureType;
  /** Submissions that are worth trying. */
  submissions: number;
  /** What it means, and what to do. */
  words: string;
}

const once = (type: FailureType, words: string): CodeMeaning => ({ type, submissions: 1, words });
const UNDOCUMENTED = 'a code whose meaning the provider does not document';

/** Source: `AssetIngestionError` of the official SDK. The last five have no documented meaning. */
export const INGESTION_CODES: Readonly<Record<string, CodeMeaning>> = {
  EALREADY: once('AssetExists', 'the asset exists already; give the file another name'),
  EBADMIME: once('ProviderRejected', 'invalid MIME type; the content is not what the extension of the name says'),
  EBADSIZE: once('ProviderRejected', 'invalid file size'),
  ECORRUPT: { type: 'ProcessingFailed', submissions: 2, words: 'corrupted file; it may have been damaged on its way' },
  ENOQUOTA: once('QuotaExhausted', 'quota exceeded; delete assets or raise the plan, then start again'),
  ETIMEOUT: { type: 'UploadExpired', submissions: 5, words: 'upload timeout; it is sent again in a new session' },
  EUNKNOWN: { type: 'UploadExpired', submissions: 3, words: 'unknown error; it is sent again in a new session' },
  EOLDMETA: once('ProcessingFailed', UNDOCUMENTED),
  ERESNENT: once('ProcessingFailed', UNDOCUMENTED),
  EPROJECT: once('ProcessingFailed', UNDOCUMENTED),
  ENOASSET: once('ProcessingFailed', UNDOCUMENTED),
  ESEQMETA: once('ProcessingFailed', UNDOCUMENTED),
};

export const meaningOf = (code: string): CodeMeaning => INGESTION_CODES[code] ?? once('ProcessingFailed', UNDOCUMENTED);
