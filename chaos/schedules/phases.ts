import type { History } from '@temporalio/common/lib/proto-utils';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/ids';
import { STRUCK_PHASES, type StruckPhase } from './strikes';

export interface PhaseSpan {
  phase: StruckPhase | 'closed';
  /** Epoch milliseconds. */
  from: number;
}

/** When the lifecycle entered each of its phases, by its own history. */
export function phasesOf(history: History): PhaseSpan[] {
  const spans: PhaseSpan[] = [];
  for (const { eventTime, upsertWorkflowSearchAttributesEventAttributes: upsert } of history.events ?? []) {
    const from = Number(eventTime?.seconds ?? 0) * 1000 + Number(eventTime?.nanos ?? 0) / 1e6;
    if (spans.length === 0) spans.push({ phase: 'creating', from });
    const data = upsert?.searchAttributes?.indexedFields?.[SEARCH_ATTRIBUTES.phase.name]?.data;
    if (!data) continue;
    const phase = JSON.parse(Buffer.from(data).toString()) as string;
    spans.push({ phase: STRUCK_PHASES.find((one) => one === phase) ?? 'closed', from });
  }
  return spans;
}

/** The phase at a moment. */
export const phaseAt = (spans: readonly PhaseSpan[], at: number): PhaseSpan['phase'] =>
  spans.findLast(({ from }) => from <= at)?.phase ?? 'creating';
