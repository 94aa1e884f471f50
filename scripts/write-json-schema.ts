import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { LifecycleInputSchema } from '../src/contracts/lifecycle-input';

/** Publishes the input's schema for clients in other languages. */
const schema = z.toJSONSchema(LifecycleInputSchema, { io: 'input' });
writeFileSync(
  path.resolve(__dirname, '../lifecycle-input.schema.json'),
  `${JSON.stringify({ title: 'Input of the workflow assetLifecycle', ...schema }, null, 2)}\n`,
);
