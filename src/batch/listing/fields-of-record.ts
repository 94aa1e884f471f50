import path from 'node:path';
import { z } from 'zod';
import { failure } from '../../contracts/failures';
import type { ProviderName } from '../../contracts/ids';
import type { ProviderFields } from '../../contracts/lifecycle-input';
import { declarationOf, inputSchemaOf, type Registry } from '../../providers/registry';
import type { ProviderDeclaration } from '../../providers/provider-declaration';

/** Short ways to name an item's source; `source` is the long one. */
const SHORT_SOURCES = ['path', 'url', 's3'] as const;

export interface RecordFields {
  source: unknown;
  relativePath: string;
  /** The other fields of the item's input. */
  own: Record<string, unknown>;
}

/**
 * The fields of an item's input that a line of a manifest, or an item of a list, names.
 * @throws InvalidRequest unless it names one source
 */
export function fieldsOfRecord(
  record: ProviderFields,
  { batch, folder, isText = false }: { batch: { provider: ProviderName }; folder: string; isText?: boolean },
  registry: Registry,
): RecordFields {
  const fields = nested(record, isText ? declarationOf(batch.provider, registry) : undefined);
  const given = [...SHORT_SOURCES, 'source'].filter((name) => fields[name] !== undefined && fields[name] !== null);
  const [name, second] = given;
  if (name === undefined) throw failure('InvalidRequest', 'names no source; give one of path, url, s3');
  if (second !== undefined) throw failure('InvalidRequest', `names two sources, ${name} and ${second}; give one`);
  const source = sourceNamed(name, fields[name], folder);
  const { path: _path, url: _url, s3: _s3, source: _source, ...own } = fields;
  return { source, relativePath: relativePathOf(name, fields[name], source), own };
}

function sourceNamed(name: string, value: unknown, folder: string): unknown {
  switch (name) {
    case 'path':
      return { type: 'file', path: typeof value === 'string' ? fromFolder(folder, value) : value };
    case 'url':
      return { type: 'url', url: value };
    case 's3':
      return typeof value === 'string' ? s3SourceOf(value) : value;
    default:
      return value;
  }
}

/** A relative path of a manifest means a file beside it. */
const fromFolder = (folder: string, file: string): string =>
  folder === '' || path.isAbsolute(file) ? file : path.join(folder, file);

const S3_URI = /^s3:\/\/([^/]*)\/(.*?)(?:\?versionId=([^?&]+))?$/is;

/** The key is taken as it stands; only a version id at the very end is not part of it. */
export function s3SourceOf(uri: string): Record<string, unknown> {
  const [, bucket, key, versionId] = S3_URI.exec(uri) ?? [];
  if (bucket === undefined) throw failure('InvalidRequest', 's3: must be a URI such as s3://bucket/key');
  return { type: 's3', bucket, key, ...(versionId === undefined ? {} : { versionId }) };
}

/** What a template of filenames is about: the path as the line names it, or that of the URL or key. */
function relativePathOf(name: string, value: unknown, source: unknown): string {
  if (name === 'path') return String(value).replace(/^\/+/, '');
  const { path: file, key, url } = (source ?? {}) as Record<string, unknown>;
  const text = file ?? key ?? (typeof url === 'string' && URL.canParse(url) ? decoded(new URL(url).pathname) : '');
  return typeof text === 'string' ? text.replace(/^\/+/, '') : '';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Names with dots mean fields inside one; of `metadata` only the first dot does, since its names may have some.
 * @param textOf the provider, where every value is a text: those that are to be a number or true/false are read so.
 */
function nested(record: ProviderFields, textOf: ProviderDeclaration | undefined): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record)) {
    const parts = partsOf(name);
    const last = parts.pop() ?? name;
    let inside = fields;
    for (const part of parts) {
      const next = { ...fieldsIn(inside[part]) };
      inside[part] = next;
      inside = next;
    }
    const read = textOf && typeof value === 'string' ? valueOf(value, [...parts, last], textOf) : value;
    const more = fieldsIn(read);
    inside[last] = more ? { ...fieldsIn(inside[last]), ...more } : read;
  }
  return fields;
}

const fieldsIn = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;

const partsOf = (name: string): string[] => {
  const [, first, rest] = /^(metadata)\.(.+)$/s.exec(name) ?? [];
  return first !== undefined && rest !== undefined ? [first, rest] : name.split('.');
};

/** A text stays one where the field may be a text; metadata may be either, and is read as the flags of `start` read it. */
function valueOf(text: string, parts: readonly string[], declared: ProviderDeclaration): unknown {
  const isFree = parts[0] === 'metadata';
  if (!isFree && parts.length === 1 && [...SHORT_SOURCES, 'key'].includes(parts[0] ?? '')) return text;
  if (!isFree && takesText(jsonSchemaOf(declared), parts)) return text;
  if (!isFree && isOfType(jsonSchemaOf(declared), parts, 'array')) return listIn(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) && String(Number(text)) === text ? Number(text) : text;
}

/** As a flag takes it, or as JSON. */
function listIn(text: string): unknown {
  try {
    if (text.startsWith('[')) return JSON.parse(text) as unknown;
  } catch {
    return text; // which is refused by its field: the parser's message would quote it
  }
  return text.split(',').map((one) => one.trim());
}

interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
}

const jsonSchemas = new WeakMap<ProviderDeclaration, JsonSchema>();

function jsonSchemaOf(declared: ProviderDeclaration): JsonSchema {
  const known = jsonSchemas.get(declared);
  if (known) return known;
  const schema = z.toJSONSchema(inputSchemaOf(declared), { io: 'input' }) as JsonSchema;
  jsonSchemas.set(declared, schema);
  return schema;
}

/** True if the field may be a text; a field that is not known counts as one, and is refused later by its name. */
function takesText(schema: JsonSchema, parts: readonly string[]): boolean {
  const fields = fieldsAt(schema, parts);
  return (
    fields.length === 0 ||
    fields.some(({ type, enum: values = [], const: value }) =>
      [type === 'string', typeof value === 'string', ...values.map((one) => typeof one === 'string')].includes(true),
    )
  );
}

const isOfType = (schema: JsonSchema, parts: readonly string[], wanted: string): boolean =>
  fieldsAt(schema, parts).some(({ type }) => type === wanted);

/** All forms that the field may have; none if it is not known. */
function fieldsAt(schema: JsonSchema, [part, ...rest]: readonly string[]): JsonSchema[] {
  const forms = formsOf(schema);
  if (part === undefined) return forms;
  const inside = forms.flatMap(
    ({ properties, additionalProperties }) =>
      properties?.[part] ?? (typeof additionalProperties === 'object' ? additionalProperties : []),
  );
  return inside.flatMap((one) => fieldsAt(one, rest));
}

const formsOf = (schema: JsonSchema): JsonSchema[] => [
  schema,
  ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(formsOf),
];
