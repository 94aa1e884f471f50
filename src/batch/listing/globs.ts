import picomatch from 'picomatch';
import { failure } from '../../contracts/failures';

export interface Globs {
  /** True if a path is asked for. */
  wants: (relativePath: string) => boolean;
  /** False if nothing in that folder can be asked for. */
  enters: (relativeFolder: string) => boolean;
}

/** Ends a glob that means everything in a folder. */
const WHOLE_FOLDER = /\/\*\*(\/\*)?$/;
/** Begins a glob that means everything but what follows. */
const NEGATED = /^!(?!\()/;

/**
 * Globs as in a shell with `globstar`, over paths with "/". They are case-sensitive, and a name that begins with "." is only
 * asked for by a glob that says so.
 */
export function globsOf({ include, exclude }: { include: readonly string[]; exclude: readonly string[] }): Globs {
  const included = matcherOf(include, 'include');
  const excluded = matcherOf(exclude, 'exclude', { dot: true });
  const leftOut = matcherOf(
    exclude
      .filter((glob) => WHOLE_FOLDER.test(glob) && !NEGATED.test(glob))
      .map((glob) => glob.replace(WHOLE_FOLDER, '')),
    'exclude',
    { dot: true },
  );
  const takesHidden = include.some((glob) => /(^|\/)\.|[[({]/.test(glob));
  const isHidden = (folder: string): boolean => folder.slice(folder.lastIndexOf('/') + 1).startsWith('.');
  return {
    wants: (path) => included(path) && !excluded(path),
    enters: (folder) => !leftOut(folder) && (takesHidden || !isHidden(folder)),
  };
}

function matcherOf(
  globs: readonly string[],
  field: string,
  options: { dot?: boolean } = {},
): (path: string) => boolean {
  if (globs.length === 0) return () => false;
  try {
    return picomatch([...globs], { ...options, flags: 's' }); // a path may have line breaks
  } catch (error) {
    throw failure('InvalidRequest', `items.${field}: is no glob: ${(error as Error).message}`);
  }
}
