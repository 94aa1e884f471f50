import { z } from 'zod';

/**
 * Schemas of the fields that we use of the provider's answers. Unknown fields are ignored, and null means absent. A
 * missing required field is an error that names it. Source: the v1.3 OpenAPI document and the official SDKs.
 */
export const absent = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);
export const id = z.string().min(1);

const text = absent(z.string());
const fields = absent(z.record(z.string(), z.unknown()));

/** The newer document and the older one, which had `url` and every field nullable. Source: `GET /assets/{asset_id}`. */
export const AssetSchema = z.object({
  _id: id,
  method: text,
  status: text,
  filename: absent(z.string()),
  file_type: absent(z.string()),
  created_at: absent(z.string()),
  user_metadata: fields,
  source: fields,
  url: text,
  url_expires_at: text,
  hls: absent(z.object({ status: text, manifest_url: text })),
  thumbnail: absent(z.object({ status: text, representative_url: text })),
  size: absent(z.number()),
  duration: absent(z.number()),
  technical_metadata: absent(
    z.looseObject({
      video_width: absent(z.number()),
      video_height: absent(z.number()),
      image_width: absent(z.number()),
      image_height: absent(z.number()),
    }),
  ),
  error: absent(z.object({ message: absent(z.string()) })),
});
export type AssetAnswer = z.output<typeof AssetSchema>;

export const PageInfoSchema = z.object({
  page: absent(z.number()),
  total_page: absent(z.number()),
  total_results: absent(z.number()),
});

const page = <T extends z.ZodType>(item: T) => z.object({ data: z.array(item), page_info: PageInfoSchema });

export const AssetPageSchema = page(AssetSchema);
export const ReferencePageSchema = page(z.object({ _id: id, index: z.object({ _id: id, name: absent(z.string()) }) }));

export const StateSchema = z.object({
  _id: id,
  status: z.string(),
  error: absent(z.object({ message: absent(z.string()) })),
});
export const StatePageSchema = page(StateSchema);

/** Looked at by hand: zod would make two objects for each of hundreds of numbers. */
const EmbeddingSchema = z.custom<number[]>(
  (value) => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number'),
  'must be a list of numbers',
);

export const SegmentSchema = z.object({
  embedding: EmbeddingSchema,
  embedding_option: z.string().nullish(),
  embedding_scope: z.string().nullish(),
  start_sec: z.number().nullish(),
  end_sec: z.number().nullish(),
});
/** A task without its segments, which are streamed. Source: `GET /embed-v2/tasks/{task_id}`. */
export const EmbedTaskSchema = z.object({ _id: id, status: z.string() });

/** Answer with the embeddings. Source: `POST /embed-v2`. */
export const EmbeddedSchema = z.object({ data: z.array(SegmentSchema) });

export const CreatedSchema = z.object({ _id: id });

export const EntitySchema = z.object({ _id: id, asset_ids: absent(z.array(z.string())) });
export const EntityPageSchema = page(
  z.object({
    _id: id,
    entity_collection_id: absent(z.string()),
    name: absent(z.string()),
    metadata: absent(z.record(z.string(), z.unknown())),
  }),
);

export const IndexedAssetSchema = z.object({ _id: id, user_metadata: absent(z.record(z.string(), z.unknown())) });
