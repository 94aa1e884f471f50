/** Errors of the connection after which the provider cannot have seen the request. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** True for an error of the connection after which the provider cannot have seen the request. */
export const neverConnected = (error: unknown): boolean => NEVER_CONNECTED.has((error as { code?: string }).code ?? '');
