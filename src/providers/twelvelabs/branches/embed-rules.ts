import type { FileKind } from '../intake/file-kind';

/** What a branch asks for, as far as the rules look at it. */
interface Asked {
  model: string;
  options?: readonly string[];
  scopes?: readonly string[];
}

/** What each kind of file can be embedded by. The models differ in one option, which the branch's schema refuses. */
const OPTIONS_OF: Readonly<Record<FileKind, ReadonlySet<string>>> = {
  video: new Set(['visual', 'audio', 'transcription']),
  audio: new Set(['audio', 'transcription']),
  image: new Set(['visual']),
};
const SCOPES_OF: Readonly<Record<FileKind, ReadonlySet<string>>> = {
  video: new Set(['clip', 'asset']),
  audio: new Set(['clip', 'asset']),
  image: new Set(['asset']),
};

/** The branch's options that a file of that kind has; `undefined` when the branch names none. */
export const usableOptions = (kind: FileKind, { options }: Asked): string[] | undefined =>
  options?.filter((option) => OPTIONS_OF[kind].has(option));

/** Why a file of that kind has none of the embeddings that the branch asks for; `undefined` when it has some. */
export function embedRefusal(kind: FileKind, branch: Asked): string | undefined {
  if (usableOptions(kind, branch)?.length === 0) {
    return `branch.options: of ${kind} there is only ${listOf(OPTIONS_OF[kind])}`;
  }
  if (branch.scopes && !branch.scopes.some((scope) => SCOPES_OF[kind].has(scope))) {
    return `branch.scopes: of ${kind} there is only ${listOf(SCOPES_OF[kind])}`;
  }
  return undefined;
}

/** True where the Embed API gives the embedding as its answer and makes no task: images with `marengo3.0`. */
export const embedsAtOnce = (fileType: string | undefined, { model }: Asked): boolean =>
  model === 'marengo3.0' && fileType?.startsWith('image/') === true;

const listOf = (names: ReadonlySet<string>): string => [...names].map((name) => `"${name}"`).join(' and ');
