/** What stands for a part of the relative path in a template of filenames. */
const PARTS = ['path', 'folder', 'name', 'ext'] as const;
type PathPart = (typeof PARTS)[number];

const PLACEHOLDER = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/** Separates folders in a filename, which has no "/". */
const JOINED_BY = '-';

/** Why a text is no template; `undefined` if it is one. */
export function templateProblem(template: string): string | undefined {
  for (const [found, part] of template.matchAll(PLACEHOLDER)) {
    if (found === '{{' || found === '}}' || (part !== undefined && isPart(part))) continue;
    const known = PARTS.map((one) => `{${one}}`).join(', ');
    return `must be a filename in which ${known} stand for parts of the path, and "{{" and "}}" for braces; not "${found}"`;
  }
  return undefined;
}

/**
 * The filename that a template gives for a path. `{path}` is the whole path, `{folder}` what is before its last "/", `{name}`
 * the name without its extension, and `{ext}` the extension with its dot; "/" becomes "-".
 * @param relativePath below the folder or prefix, or as the manifest names it; "/" between its parts.
 */
export function filenameFrom(template: string, relativePath: string): string {
  const values = partsOf(relativePath);
  return template.replaceAll(PLACEHOLDER, (found, part: string | undefined) =>
    part !== undefined && isPart(part) ? values[part] : found.charAt(0),
  );
}

function partsOf(relativePath: string): Record<PathPart, string> {
  const segments = relativePath.split('/').filter((segment) => segment !== '' && segment !== '.' && segment !== '..');
  const last = segments.at(-1) ?? '';
  const dot = last.lastIndexOf('.');
  const cut = dot > 0 ? dot : last.length;
  return {
    path: segments.join(JOINED_BY),
    folder: segments.slice(0, -1).join(JOINED_BY),
    name: last.slice(0, cut),
    ext: last.slice(cut),
  };
}

const isPart = (text: string): text is PathPart => (PARTS as readonly string[]).includes(text);
