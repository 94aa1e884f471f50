import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { batchJsonSchema } from './batch-json-schema';
import { lifecycleJsonSchema } from './lifecycle-json-schema';

/** Publishes the inputs' schemas for clients in other languages. */
const SCHEMAS = {
  'lifecycle-input.schema.json': lifecycleJsonSchema(),
  'batch-input.schema.json': batchJsonSchema(),
};

for (const [file, schema] of Object.entries(SCHEMAS)) {
  writeFileSync(path.resolve(__dirname, '..', file), `${JSON.stringify(schema, null, 2)}\n`);
}
