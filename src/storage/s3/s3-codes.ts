/** Kinds of trouble with S3. */
export type S3Trouble =
  | 'noBucket'
  | 'noKey'
  | 'noVersion'
  | 'archived'
  | 'denied'
  | 'credentials'
  | 'expired'
  | 'region'
  | 'changed'
  | 'unavailable'
  | 'refused';

/** Codes of S3's error documents, and names of the SDK's own errors. */
const BY_CODE: Readonly<Record<string, S3Trouble>> = {
  NoSuchBucket: 'noBucket',
  InvalidBucketName: 'noBucket',
  NoSuchKey: 'noKey',
  KeyTooLongError: 'noKey',
  NoSuchVersion: 'noVersion',
  InvalidObjectState: 'archived',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  CredentialsProviderError: 'credentials',
  TokenProviderError: 'credentials',
  InvalidAccessKeyId: 'credentials',
  XAdminUserNotFound: 'credentials', // versitygw, of an unknown access key
  SignatureDoesNotMatch: 'credentials',
  InvalidToken: 'credentials',
  // Of the short-lived credentials of a role.
  ExpiredToken: 'expired',
  ExpiredTokenException: 'expired',
  TokenRefreshRequired: 'expired',
  CredentialsRenewalError: 'expired', // of our own client: it had credentials before
  PermanentRedirect: 'region',
  AuthorizationHeaderMalformed: 'region',
  IllegalLocationConstraintException: 'region',
  PreconditionFailed: 'changed',
  InvalidRange: 'changed',
  RequestTimeout: 'unavailable', // a 400: the connection stood idle
  TimeoutError: 'unavailable',
  IncompleteBody: 'unavailable', // a 400: the connection broke off
  RequestTimeTooSkewed: 'unavailable', // the client corrects its clock by the answer
  SlowDown: 'unavailable',
  ServiceUnavailable: 'unavailable',
  InternalError: 'unavailable',
  OperationAborted: 'unavailable',
  Throttling: 'unavailable',
  ThrottlingException: 'unavailable',
  RequestLimitExceeded: 'unavailable',
};

const BY_STATUS: Readonly<Record<number, S3Trouble>> = {
  301: 'region',
  307: 'region',
  401: 'credentials',
  403: 'denied',
  404: 'noKey',
  408: 'unavailable',
  409: 'unavailable', // another write of the same key is under way
  412: 'changed',
  416: 'changed',
  429: 'unavailable',
};

/** What S3 means by the code of its error document, else by the status. */
export function s3TroubleOfAnswer(code: string, status: number | undefined): S3Trouble | undefined {
  const told = BY_CODE[code];
  if (told || status === undefined || status < 300) return told;
  return BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'refused');
}
