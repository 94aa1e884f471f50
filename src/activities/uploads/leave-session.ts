import type { Handle } from '../../contracts/branches/handle';
import type { ReceiptEntry } from '../../contracts/lifecycle-status';
import type { MediaProvider } from '../../providers/media-provider';

/** Gives up what was handed in, because its bytes go another way. @returns what a receipt says of its session */
export async function leaveSession(provider: MediaProvider, pending: Handle, why: string): Promise<ReceiptEntry> {
  const ended = (await provider.intake.abandon?.(pending)) !== 'open';
  return sessionEntry(pending, 'deleted', `${why}; ${ended ? SESSION_ENDED : SESSION_GOES_ON}`);
}

export const SESSION_ENDED = 'it has ended';
export const SESSION_GOES_ON = 'it goes on for other files, without this one';

/** What a receipt says of the session in which something was handed in. */
export const sessionEntry = (
  { id, in: place }: Handle,
  result: ReceiptEntry['result'],
  because: string,
): ReceiptEntry => ({
  resource: 'upload-session',
  id,
  in: place,
  result,
  because,
  at: new Date().toISOString(),
});
