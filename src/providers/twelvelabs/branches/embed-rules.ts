import type { FileKind } from '../intake/file-kind';

/** Fields of the branch that the rules read. */
interface Asked {
  model: string;
  options?: readonly string[];
  scopes?: readonly string[];
}

/** Embedding options of each kind of file. The models differ in one option, which the branch's schema checks. */
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

/** The branch's options that apply to that kind of file; `undefined` if the branch names none. */
export const usableOptions = (kind: FileKind, { options }: Asked): string[] | undefined =>
  options?.filter((option) => OPTIONS_OF[kind].has(option));

/** Why no requested embedding exists for that kind of file; `undefined` if at least one does. */
export function embedRefusal(kind: FileKind, branch: Asked): string | undefined {
  if (usableOptions(kind, branch)?.length === 0) {
    return `branch.options: of ${kind} there is only ${listOf(OPTIONS_OF[kind])}`;
  }
  if (branch.scopes && !branch.scopes.some((scope) => SCOPES_OF[kind].has(scope))) {
    return `branch.scopes: of ${kind} there is only ${listOf(SCOPES_OF[kind])}`;
  }
  return undefined;
}

/** True if the answer is the embedding instead of a task: images with `marengo3.0`. Source: `POST /embed-v2`. */
export const embedsAtOnce = (fileType: string | undefined, { model }: Asked): boolean =>
  model === 'marengo3.0' && fileType?.startsWith('image/') === true;

const listOf = (names: ReadonlySet<string>): string => [...names].map((name) => `"${name}"`).join(' and ');
