import type { Assets } from '../assets';
import type { TwelveLabsClient } from './api/client';

/** Access to an account for its branches: requests and assets. */
export interface TwelveLabsConnection {
  client: TwelveLabsClient;
  assets: Pick<Assets, 'get'>;
}
