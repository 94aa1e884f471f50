import { z } from 'zod';
import { absent, id, PageInfoSchema } from '../api/schemas';

/** Schemas of the answers about upload sessions. Source: `/assets/multipart-uploads`. */

const PartUrlSchema = z.object({
  chunk_index: z.number().int().min(1),
  url: z.string().min(1),
  expires_at: absent(z.string()),
});

export const OpenedUploadSchema = z.object({
  upload_id: id,
  asset_id: id,
  chunk_size: z.number().int().min(1),
  total_chunks: absent(z.number().int().min(1)),
  expires_at: absent(z.string()),
  upload_urls: z
    .array(PartUrlSchema)
    .nullish()
    .transform((urls) => urls ?? []),
  upload_headers: absent(z.record(z.string(), z.string())),
});

export const PartUrlsSchema = z.object({
  upload_urls: z.array(PartUrlSchema),
  generated_at: absent(z.string()),
  expires_at: absent(z.string()),
});

export const UploadStateSchema = z.object({
  status: z.string(),
  uploaded_chunks: z
    .array(z.object({ index: z.number().int(), status: z.string() }))
    .nullish()
    .transform((chunks) => chunks ?? []),
  page_info: absent(PageInfoSchema),
});

export const UploadPageSchema = z.object({
  data: z.array(
    z.object({ upload_id: id, status: z.string(), total_size: z.number(), created_at: absent(z.string()) }),
  ),
  page_info: absent(PageInfoSchema),
});
