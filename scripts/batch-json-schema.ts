import { z } from 'zod';
import { batchSchemaOf } from '../src/batch/accept-batch';
import { PROVIDERS, type Registry } from '../src/providers/registry';
import { withNulls, type JsonSchema } from './lifecycle-json-schema';

/** The batch's input for clients in other languages. What is optional may also be `null`, as the service takes it. */
export function batchJsonSchema(registry: Registry = PROVIDERS): JsonSchema {
  const forms = registry.map((declared) =>
    withNulls(z.toJSONSchema(batchSchemaOf(declared), { io: 'input' }) as JsonSchema),
  );
  return { title: 'Input of the workflow assetBatch', anyOf: forms };
}
