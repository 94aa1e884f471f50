import type { S3Source } from '../../contracts/source';
import type { SourceBytes } from './source-bytes';

/** An object in S3-compatible storage that was found fit to be a source: readable, not archived, not empty. */
export interface SourceObject extends SourceBytes {
  /** True if a URL can name it; else its bytes must be sent. */
  readonly fitsUrl: boolean;
  /**
   * A URL by which whoever has it reads the object, for so long or as long as the worker's own credentials live,
   * whichever is shorter. It is a secret: never for a history, a heartbeat, a log or an error.
   * @throws ProviderUnavailable when the credentials end within minutes
   */
  presignedUrl(expiresInSec: number): Promise<string>;
}

/** URL parsers remove "." and ".." from a path, in every spelling, and would then ask for another object. */
export const fitsUrl = ({ key }: Pick<S3Source, 'key'>): boolean =>
  !key.split('/').some((segment) => segment === '.' || segment === '..');

/** Why no URL can name the object, with what to do; `undefined` if one can. */
export const noUrlBecause = ({ fitsUrl }: Pick<SourceObject, 'fitsUrl'>): string | undefined =>
  fitsUrl ? undefined : 'no URL can name a key with a "." or ".." between slashes; copy the object to another key';

/** Finds objects that may be sources. */
export interface ObjectSources {
  /**
   * Looks at an object; reads none of its bytes. Its reads, too, end when `signal` aborts.
   * @throws InvalidRequest naming the field of `source` and what to do · ProviderUnavailable
   */
  resolve(source: Omit<S3Source, 'type'>, options?: { signal?: AbortSignal }): Promise<SourceObject>;
}
