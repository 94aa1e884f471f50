import { z } from 'zod';
import { NO_BRANCH, type Branch } from '../contracts/branches/branch';
import { COMMON_FIELDS } from '../contracts/lifecycle-input';
import { HALF_A_CHARACTER, halfCharactersIn } from '../contracts/values/text';

const NoBranchSchema = z.strictObject({ type: z.literal(NO_BRANCH) });

interface BranchSchemaOf {
  readonly type: string;
  readonly schema: z.ZodType<Branch>;
}

/** Type of a branch in a caller's input, before defaults. */
export type BranchInputOf<D extends readonly BranchSchemaOf[]> =
  z.input<D[number]['schema']> | z.input<typeof NoBranchSchema>;

type OneOrMore<T> = T | T[];

const MOST_BRANCHES = 10;
const A_BRANCH = 'must be a branch such as {"type": "none"}, or a list of branches';

/** The `branch` field of an input: one of the declared branches, or a list of them, or none. */
export function branchField<const D extends readonly BranchSchemaOf[]>(
  declared: D,
): z.ZodDefault<z.ZodType<OneOrMore<Branch>, OneOrMore<BranchInputOf<D>>>> {
  const schemas: z.ZodType<Branch>[] = [...declared.map(({ schema }) => schema), NoBranchSchema];
  const names = [...declared.map(({ type }) => type), NO_BRANCH].map((type) => `"${type}"`);
  const last = names.pop();
  const expected = names.length === 0 ? `must be ${last}` : `must be ${names.join(', ')} or ${last}`;
  // zod asks for a non-empty tuple; NoBranchSchema is always an element
  const union = z.discriminatedUnion('type', schemas as [typeof NoBranchSchema], {
    error: (issue) => (issue.code === 'invalid_union' ? expected : undefined),
  });
  const one = union as z.ZodType<Branch, BranchInputOf<D>>;
  const list = z.array(one).min(1, 'must have at least one branch').max(MOST_BRANCHES);
  return z.union([one, list], { error: A_BRANCH }).default({ type: NO_BRANCH });
}

/** A provider's whole input: the common fields and its own; unknown fields are refused. */
export const lifecycleInput = <const Own extends z.ZodRawShape>(own: Own) =>
  z.strictObject({ ...COMMON_FIELDS, ...own }).superRefine((input, context) => {
    for (const path of halfCharactersIn(input)) context.addIssue({ code: 'custom', message: HALF_A_CHARACTER, path });
  });
