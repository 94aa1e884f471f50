import { z } from 'zod';
import { inputSchemas, type Registry } from '../src/providers/registry';

export type JsonSchema = Record<string, unknown> & {
  properties?: Record<string, JsonSchema>;
  required?: string[];
  anyOf?: JsonSchema[];
};

/** The lifecycle's input for clients in other languages. What is optional may also be `null`, as the service takes it. */
export function lifecycleJsonSchema(registry?: Registry): JsonSchema {
  const [first = {}, ...others] = inputSchemas(registry).map((schema) =>
    withNulls(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema),
  );
  const union = others.length === 0 ? first : { anyOf: [first, ...others] };
  return { title: 'Input of the workflow assetLifecycle', ...union };
}

export function withNulls(schema: JsonSchema): JsonSchema {
  const entries = Object.entries(schema).map(([name, value]) => [name, name === 'properties' ? value : inside(value)]);
  const changed = Object.fromEntries(entries) as JsonSchema;
  if (schema.properties) {
    const required = new Set(schema.required);
    changed.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [
        name,
        required.has(name) ? withNulls(field) : orNull(withNulls(field)),
      ]),
    );
  }
  return changed;
}

/** Schemas stand in arrays (`anyOf`) and as single fields (`items`); anything else is left as it is. */
function inside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inside);
  return typeof value === 'object' && value !== null ? withNulls(value as JsonSchema) : value;
}

function orNull({ default: standard, ...field }: JsonSchema): JsonSchema {
  return { ...(standard === undefined ? {} : { default: standard }), anyOf: [field, { type: 'null' }] };
}
