import type { Assets } from '../assets';
import type { TwelveLabsClient } from './api/client';

/** What the branches work with: the account's requests, and its assets. */
export interface TwelveLabsConnection {
  client: TwelveLabsClient;
  assets: Pick<Assets, 'get'>;
}
