import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { lifecycleJsonSchema } from './lifecycle-json-schema';

/** Publishes the input's schema for clients in other languages. */
writeFileSync(
  path.resolve(__dirname, '../lifecycle-input.schema.json'),
  `${JSON.stringify(lifecycleJsonSchema(), null, 2)}\n`,
);
