/** The part of JSON Schema that the document uses. */
export interface Shape {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Shape>;
  items?: Shape;
  anyOf?: Shape[];
  enum?: string[];
  required?: string[];
  format?: string;
  additionalProperties?: boolean | Shape;
}

type Drift = { why: string } & (
  | { schema: string; properties: Record<string, Shape> }
  | { schema: string; variant: Shape }
  | { route: string; query: Record<string, Shape>; openQuery?: true }
);

const text: Shape = { type: 'string' };
const texts: Shape = { type: 'array', items: text };
const number: Shape = { type: 'number' };
const oneOf = (...values: string[]): Shape => ({ type: 'string', enum: values });

/** What `marengo3.5` takes beside what the document has; the newer SDKs have it beside the input or in it. */
const LATER: Record<string, Shape> = {
  embedding_dimension: { type: 'integer' },
  embedding_uncertainty: { type: 'boolean' },
  time_based_metadata: {},
  auto_truncate: { type: 'boolean' },
};
const SDK = 'the newer SDKs (twelvelabs-js 1.3.4, twelvelabs 1.3.6 for Python) have marengo3.5, the document has not';

/** Where the provider has moved on since the document, or its document contradicts its own pages. */
export const DRIFT: readonly Drift[] = [
  {
    schema: 'CreateAsyncEmbeddingRequest',
    properties: {
      ...LATER,
      model_name: oneOf('marengo3.0', 'marengo3.5'),
      input_type: oneOf('audio', 'video', 'image'),
      image: { $ref: 'twelvelabs#/schemas/ImageInputRequest' },
    },
    why: SDK,
  },
  { schema: 'VideoInputRequest', properties: { ...LATER, embedding_scope: texts }, why: `${SDK}; the scope "local"` },
  {
    schema: 'AudioInputRequest',
    properties: { ...LATER, embedding_scope: texts, segmentation: { type: 'object' } },
    why: `${SDK}; audio has dynamic clips there, nested under "temporal"`,
  },
  { schema: 'ImageInputRequest', properties: LATER, why: SDK },
  {
    schema: 'embed_v2_tasks_create_Response_202',
    properties: { metadata: { type: 'object', properties: { embedding_dimension: { type: 'integer' } } } },
    why: SDK,
  },
  { schema: 'EmbeddingData', properties: { embedding_uncertainty: number }, why: SDK },
  { schema: 'EmbeddingTaskMediaMetadata', properties: { embedding_dimension: { type: 'integer' } }, why: SDK },
  {
    schema: 'EmbeddingTaskMediaMetadata',
    variant: {
      type: 'object',
      properties: {
        input_type: oneOf('image'),
        input_filename: text,
        input_url: text,
        embedding_dimension: { type: 'integer' },
      },
      required: ['input_type'],
    },
    why: SDK,
  },
  {
    schema: 'MediaEmbeddingTask',
    properties: {
      image_embedding: {
        type: 'object',
        properties: {
          metadata: {
            type: 'object',
            properties: {
              input_filename: text,
              input_url: text,
              image_embedding_option: texts,
              image_embedding_scope: texts,
            },
          },
        },
      },
    },
    why: SDK,
  },
  {
    schema: 'VideoEmbeddingMetadata',
    properties: { video_embedding_option: texts, start_offset_sec: number, end_offset_sec: number },
    why: 'the Python SDK 1.3.6 has them',
  },
  {
    schema: 'AudioEmbeddingMetadata',
    properties: { audio_embedding_option: texts, audio_embedding_scope: texts },
    why: 'the Python SDK 1.3.6 has other names than the document; the emulator gives both',
  },
  {
    schema: 'Index',
    properties: { expires_at: { type: ['string', 'null'] } },
    why: 'the provider’s pages: null on paid plans',
  },
  {
    schema: 'ChunkInfo',
    properties: { uploaded_at: { type: ['string', 'null'], format: 'date-time' } },
    why: 'the provider’s pages: null until the chunk is completed',
  },
  {
    schema: 'indexedAssetDetailed',
    properties: { transcription: { type: ['array', 'null'] } },
    why: 'the provider’s pages: null when nothing is spoken',
  },
  {
    route: 'GET /indexes/{index_id}/indexed-assets',
    query: {
      status: {
        type: 'array',
        items: oneOf('ready', 'pending', 'queued', 'indexing', 'failed', 'validating'),
      },
      user_metadata: text,
    },
    openQuery: true,
    why: 'the Python SDK 1.3.6 has the status "validating"; both SDKs send metadata as one JSON text, pages show it bare',
  },
];

/** Schemas of assets, which the profile `seeds` changes. */
export const SEEDS_SCHEMAS = ['Asset', 'AssetDetail'] as const;

/** What an asset had before the document, or has there with other values. */
export const SEEDS_FIELDS: Readonly<Record<string, Shape>> = {
  status: oneOf('waiting', 'processing', 'ready', 'failed'),
  url: text,
  url_expires_at: { type: 'string', format: 'date-time' },
};

/** Statuses that the document leaves out at most routes, and that are answered all the same. */
export const UNDECLARED: Readonly<Record<number, string>> = {
  401: 'no route declares it; a missing or wrong key',
  404: 'the provider’s introduction has it for unknown ids, most routes do not declare it',
  413: 'the Python SDK 1.3.6 has it on embed',
  429: 'the provider’s page on rate limits: on every route',
  500: 'a failure of the provider, and the emulator’s faults',
};
