import { z } from 'zod';
import type { Branch } from '../../../contracts/branches/branch';
import { failure } from '../../../contracts/failures';
import type { MediaItem } from '../../../media/media-facts';
import type { BranchItem, ResultRecord } from '../../branch-kind';
import { outcomeOf } from '../../outcome';
import { CreatedSchema, EmbeddedSchema, EmbedTaskSchema, SegmentSchema } from '../api/schemas';
import type { TwelveLabsBranch } from '../connection';
import { kindOfFile, type FileKind } from '../intake/file-kind';
import { embedRefusal, embedsAtOnce, usableOptions } from './embed-rules';
import {
  audioFormatRule,
  audioLengthRule,
  branchRefusalOf,
  imageRule,
  videoLengthRule,
  videoPictureRule,
} from './media-rules';

const MODELS = ['marengo3.0', 'marengo3.5'] as const;
const SCOPES = ['clip', 'asset'] as const;
const OPTIONS = ['visual', 'audio', 'transcription'] as const;

/** Scopes and options that are left out take the provider's defaults. Source: `POST /embed-v2/tasks`. */
export const EmbedBranchSchema = z
  .strictObject({
    type: z.literal('embed'),
    model: z.enum(MODELS).default('marengo3.0'),
    scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).optional(),
    options: z.array(z.enum(OPTIONS)).min(1).max(OPTIONS.length).optional(),
  })
  .refine(({ model, options }) => model !== 'marengo3.5' || !options?.includes('transcription'), {
    path: ['options'],
    error: '"transcription" needs the model marengo3.0: marengo3.5 has only "visual" and "audio"',
  });
export type EmbedBranch = z.output<typeof EmbedBranchSchema>;

/**
 * Embeds the asset by the Embed API v2. Starts a task to wait for; for some images the answer is the embedding.
 * Source: `POST /embed-v2/tasks`, `GET /embed-v2/tasks/{task_id}`, `POST /embed-v2`.
 */
export const embed = {
  type: 'embed',
  schema: EmbedBranchSchema,
  flags: [
    { flag: '--model <name>', field: 'model', help: 'embed: marengo3.0 or marengo3.5' },
    { flag: '--scopes <list>', field: 'scopes', help: 'embed: clip,asset', list: true },
    { flag: '--options <list>', field: 'options', help: 'embed: visual,audio,transcription', list: true },
  ],
  example: 'intro.mp4 --branch embed --wait',
  watched: { kind: 'embedding', listRoute: '/embed-v2/tasks', working: ['processing'] },
  plan: () => ({ stores: true }),

  refusal(branch, filename) {
    const kind = kindOfFile(filename);
    return kind === 'other' ? undefined : embedRefusal(kind, branch);
  },

  mediaRefusal: (branch, media) => {
    const { kind, filename } = media;
    if (kind === undefined) return undefined;
    if (kind === 'document' || kind === 'none')
      return `branch: only video, audio and images are embedded; ${filename} is none`;
    return embedRefusal(kind, branch) ?? branchRefusalOf(limitsOf(branch, kind, media));
  },

  /** A file whose name does not tell may be an image. */
  mayAnswerAtOnce(branch, { filename, kind = kindOfFile(filename) }) {
    return embedsAtOnce(kind === 'other' ? 'image/' : `${kind}/`, branch);
  },

  connect: ({ client }) => ({
    /** An embed task carries no tag and cannot be deleted: after a lost answer another one is started. */
    effect: () => 'free',

    start: (items, { signal } = {}) =>
      Promise.all(
        items.map((item) =>
          outcomeOf(async () => {
            if (embedsAtOnce(item.fileType, item.branch)) {
              const call = embedCall('/embed-v2', item);
              const { data } = await client.call({ ...call, creates: false, signal }, EmbeddedSchema);
              return { records: recordsOf(data), words: `The embedding of asset ${item.assetId}` };
            }
            const call = embedCall('/embed-v2/tasks', item);
            const { _id: id } = await client.call({ ...call, creates: true, signal }, CreatedSchema);
            return { id, handle: { kind: 'embedding', id, words: `Embed task ${id}` } };
          }),
        ),
      ),

    records: ({ id }, { signal } = {}) =>
      client.stream(
        {
          method: 'GET',
          route: '/embed-v2/tasks/{task_id}',
          path: `/embed-v2/tasks/${encodeURIComponent(id)}`,
          about: id,
          creates: false,
          signal,
        },
        { at: 'data', item: SegmentSchema, document: EmbedTaskSchema },
      ),
  }),
} satisfies TwelveLabsBranch<EmbedBranch>;

/** Formats and pictures are published for `marengo3.0` only. Source: `POST /embed-v2/tasks`. */
function limitsOf({ model }: EmbedBranch, kind: FileKind, media: MediaItem): string[] {
  const isPublished = model === 'marengo3.0';
  switch (kind) {
    case 'video':
      return [...videoLengthRule(model, media), ...(isPublished ? videoPictureRule(model, media) : [])];
    case 'audio':
      return [...audioLengthRule(model, media), ...(isPublished ? audioFormatRule(model, media) : [])];
    case 'image':
      return imageRule(model, media);
  }
}

async function* recordsOf(data: readonly ResultRecord[]): AsyncGenerator<ResultRecord> {
  yield* data;
}

function embedCall(route: '/embed-v2' | '/embed-v2/tasks', item: BranchItem<EmbedBranch>) {
  const kind = kindOf(item);
  return {
    method: 'POST',
    kind: `embed-${kind}`,
    route,
    path: route,
    about: item.assetId,
    json: embedRequest(item, kind),
  } as const;
}

function embedRequest({ assetId, branch }: BranchItem<EmbedBranch>, kind: FileKind): Record<string, unknown> {
  const refusal = embedRefusal(kind, branch);
  if (refusal) throw failure('InvalidRequest', `${refusal} (asset ${assetId})`);
  const input: Record<string, unknown> = { media_source: { asset_id: assetId } };
  if (kind !== 'image') {
    const options = usableOptions(kind, branch);
    if (options) input.embedding_option = options;
    if (branch.scopes) input.embedding_scope = branch.scopes;
  }
  return { input_type: kind, model_name: branch.model, [kind]: input };
}

const KINDS = ['video', 'audio', 'image'] as const;

/** Kind of file by its MIME type, else by its name. @throws InvalidRequest */
function kindOf({ assetId, fileType, filename = '' }: Omit<BranchItem<Branch>, 'branch'>): FileKind {
  const told = KINDS.find((kind) => fileType?.startsWith(`${kind}/`)) ?? kindOfFile(filename);
  if (told !== 'other') return told;
  throw failure(
    'InvalidRequest',
    `branch: asset ${assetId} is ${fileType ?? 'of an unknown type'}, which has no embedding`,
  );
}
