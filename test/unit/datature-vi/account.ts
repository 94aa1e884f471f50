import { failureType } from '../../../src/contracts/failures';
import type { Handle } from '../../../src/contracts/branches/handle';
import type { LedgerTag } from '../../../src/contracts/resource';
import {
  createDatatureViProvider,
  type DatatureViAccount,
} from '../../../src/providers/datature-vi/datature-vi-provider';
import type { Submission, SubmitOptions, Submitted } from '../../../src/providers/intake';
import type { MediaProvider, Observation } from '../../../src/providers/media-provider';
import type { Outcome } from '../../../src/providers/outcome';
import { sourceOf } from '../../contract/conformance/harness';
import { ViStandIn } from '../../support/servers/vi-stand-in';

export const SECRET_KEY = `dtvi_${'k'.repeat(98)}`;

export const png = (text: string): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from(text)]);

export const tagOf = (key: string, runId = `r-${key}`): LedgerTag => ({
  ...{ key, runId, owner: 'o', workflowId: `w-${key}`, onCancel: 'delete', onFailure: 'keep' },
});

/** An image of that name, made by the run of a key of the same name. */
export function image(filename: string, content = png(filename), changes: Partial<Submission> = {}): Submission {
  const fields = { datasetId: 'demo' };
  const bytes = sourceOf(filename, content);
  return { filename, fields, metadata: {}, tag: tagOf(filename), content: { route: 'whole', bytes }, ...changes };
}

/** `ok`, `pending`, `adopted`, or the type of the failure. */
export const wordOf = (outcome: Outcome<Submitted> | undefined): string => {
  if (!outcome) return 'nothing';
  if (!outcome.ok) return failureType(outcome.error) ?? (outcome.error as Error).name;
  if ('pending' in outcome.value) return 'pending';
  return 'adopted' in outcome.value ? 'adopted' : 'ok';
};

export function pendingIn(outcome: Outcome<Submitted> | undefined): Handle {
  if (outcome?.ok && 'pending' in outcome.value) return outcome.value.pending;
  throw outcome && !outcome.ok ? outcome.error : new Error('it is not pending');
}

/** A dataset at the stand-in, and the stand-in, which closes with whoever started it. */
export async function startAccount({ at, ...changes }: Partial<DatatureViAccount> & { at?: ViStandIn } = {}) {
  const api = at ?? (await ViStandIn.start());
  const account = createDatatureViProvider({
    ...{ secretKey: SECRET_KEY, organizationId: 'org', endpoint: api.origin, requestTimeoutMs: 5000 },
    ...{ sessionsPer5Minutes: 1_000_000, ...changes },
  });
  const provider = account.within?.('demo') as MediaProvider;
  const submit = (items: readonly Submission[], options?: SubmitOptions) => provider.intake.submit(items, options);
  const watch = async (...handles: Handle[]): Promise<Observation[]> => {
    const heard: Observation[] = [];
    for await (const one of provider.watch(handles, { pace: async () => {} })) {
      if ('error' in one) throw one.error;
      heard.push(one);
    }
    return heard;
  };
  const close = async (): Promise<void> => {
    await account.close();
    if (!at) await api.close();
  };
  return { api, account, provider, submit, watch, close };
}

export type Account = Awaited<ReturnType<typeof startAccount>>;
