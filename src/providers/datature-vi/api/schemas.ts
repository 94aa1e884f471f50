import { z } from 'zod';

/**
 * Schemas of the fields that we use of the provider's answers. Unknown fields and values are let through, null means
 * absent, and a missing required field is an error that names it. Times are epoch milliseconds.
 */
const absent = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);
const id = z.string().min(1);
const number = absent(z.number());
const text = absent(z.string());
const size = absent(z.object({ height: z.number(), width: z.number(), depth: number }));

const SignedContentSchema = z.object({
  url: z.string().min(1),
  expiry: z.number(),
  headers: absent(z.record(z.string(), z.string())),
  method: text,
});
/** A signed URL of an asset or its thumbnail. It is a secret until it expires. */
export type SignedContent = z.output<typeof SignedContentSchema>;

/** Source: `GET …/assets/{assetId}`. */
export const AssetSchema = z.object({
  assetId: id,
  datasetId: text,
  workspaceId: text,
  filename: z.string(),
  kind: text,
  owner: text,
  selfLink: text,
  etag: text,
  metadata: z.object({
    insertedBy: text,
    mimeType: text,
    source: text,
    status: text,
    uploadStatus: text,
    visibility: text,
    contentsFrom: text,
    frames: number,
    fileSize: number,
    height: number,
    width: number,
    comments: number,
    customMetadataCount: number,
    timeCreated: number,
    lastUpdated: number,
    contentsLastUpdated: number,
    generations: absent(z.object({ asset: z.unknown(), thumbnail: z.unknown() })),
    annotations: absent(z.object({ withTag: absent(z.record(z.string(), z.number())), total: number })),
    dimensions: size,
    pixelRatio: size,
    hash: absent(z.object({ algorithm: z.string(), contents: z.string() })),
    userDefined: z.unknown(),
    customMetadata: absent(z.record(z.string(), z.unknown())),
    framesChange: absent(z.record(z.string(), z.unknown())),
    cohorts: absent(z.array(z.string())),
  }),
  contents: absent(z.object({ asset: absent(SignedContentSchema), thumbnail: absent(SignedContentSchema) })),
});
export type AssetAnswer = z.output<typeof AssetSchema>;

const page = <T extends z.ZodType>(item: T) =>
  z.object({
    items: absent(z.array(item)).transform((items) => items ?? []),
    nextPage: text,
    prevPage: text,
  });

export const AssetPageSchema = page(AssetSchema);
/** Source: `GET …/assets:count`, an object or a bare number. */
export const CountSchema = z.union([z.object({ count: z.number() }).transform(({ count }) => count), z.number()]);

const FileSchema = z.object({
  kind: text,
  filename: z.string(),
  mime: text,
  size: number,
  crc32c: number,
  customMetadata: absent(z.record(z.string(), z.unknown())),
});

/** What a session knows of a file that is to go up. */
export type SessionFile = z.output<typeof FileSchema>;

const UploadSchema = SignedContentSchema;
export type SignedUpload = z.output<typeof UploadSchema>;

const EventSchema = z.object({
  kind: z.string(),
  files: absent(z.record(z.string(), z.string())),
  corrections: absent(z.record(z.string(), z.string())),
  tasks: absent(z.record(z.string(), z.unknown())),
  time: number,
});

/** Source: `POST …/assetIngestionSessions`, and `GET` with an id. */
export const SessionSchema = z.object({
  assetIngestionSessionId: id,
  ingestionId: text,
  workspaceId: text,
  datasetId: text,
  assetSourceClass: text,
  assetSourceProvider: text,
  assetSourceId: text,
  selfLink: text,
  etag: text,
  metadata: z.object({
    timeCreated: z.number(),
    lastUpdated: number,
    generation: number,
    attributes: absent(z.record(z.string(), z.string())),
  }),
  spec: z.object({
    kind: text,
    failureMode: text,
    onAssetOverwritten: text,
    assets: absent(z.array(FileSchema)),
  }),
  status: z.object({
    conditions: z.array(
      z.object({
        condition: z.string(),
        status: z.string(),
        lastTransitionTime: number,
        reason: text,
        message: text,
      }),
    ),
    events: absent(z.array(EventSchema)).transform((events) => events ?? []),
    progressCount: z.object({ total: z.number(), succeeded: z.number(), errored: z.number() }),
    assets: absent(z.array(z.object({ metadata: FileSchema, upload: absent(UploadSchema) }))),
  }),
});
export type SessionAnswer = z.output<typeof SessionSchema>;

export const SessionPageSchema = page(SessionSchema);

/** Source: `POST …/multipartUploads`. */
export const MultipartUploadSchema = z.object({
  multipartUploadId: id,
  status: z.object({ partCount: z.number().int().min(1) }),
});

/** Source: `POST …/multipartUploads/{id}/parts/{n}`. */
export const PartUploadSchema = SignedContentSchema.extend({
  responseHeaders: absent(z.array(z.string())).transform((names) => names ?? []),
  responseBody: absent(z.boolean()),
});
export type PartUploadAnswer = z.output<typeof PartUploadSchema>;

/** Source: `POST …/deleteManyAssetsSessions`, and `GET` with an id. */
export const DeletionSessionSchema = z.looseObject({
  status: z.object({
    conditions: z.array(z.object({ condition: z.string(), status: z.string(), reason: text, message: text })),
  }),
});
export type DeletionSession = z.output<typeof DeletionSessionSchema>;
