import type { Ingestion, IngestionEvent } from '../../../providers/ingestions';
import { tableOf } from '../../output';

export const tableOfSessions = (sessions: readonly Ingestion[]): string | string[] =>
  sessions.length === 0
    ? 'no sessions'
    : tableOf(
        ['id', 'state', 'files', 'succeeded', 'failed', 'created', 'updated'],
        sessions.map(({ id, state, progress: { total, succeeded, errored }, createdAt, updatedAt }) => [
          ...[id, state, total, succeeded, errored, createdAt, updatedAt],
        ]),
      );

/** One line that says how far a session is. */
export const sessionLine = ({ id, state, progress: { total, succeeded, errored } }: Ingestion): string =>
  `${id}: ${state}, ${succeeded} of ${total} succeeded, ${errored} failed`;

const WIDTH = 10;

/** Everything about a session: facts, conditions, events and the files that failed. */
export function detailOfSession(session: Ingestion): string[] {
  const { id, in: place, state, createdAt, updatedAt, failureMode, overwriteMode, progress, conditions } = session;
  const { total, succeeded, errored } = progress;
  const facts: [string, string | undefined][] = [
    ['id', id],
    ['in', place],
    ['state', state],
    ['files', `${total}: ${succeeded} succeeded, ${errored} failed, ${total - succeeded - errored} open`],
    ['failures', failureMode],
    ['overwrites', overwriteMode],
    ['created', createdAt],
    ['updated', updatedAt],
  ];
  return [
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(WIDTH)} ${value}`])),
    ...section(
      ['condition', 'status', 'since', 'reason', 'message'],
      conditions.map(({ condition, status, since, reason, message }) => [condition, status, since, reason, message]),
    ),
    ...section(
      ['event', 'at', 'what'],
      session.events.map((event) => [event.kind, event.at, whatOf(event)]),
    ),
    ...section(['failed file', 'code'], Object.entries(session.failed)),
  ];
}

const section = (head: string[], rows: (string | string[] | undefined)[][]): string[] =>
  rows.length === 0 ? [] : tableOf(head, rows);

/** A line for each file, correction or task. */
const whatOf = ({ files = {}, corrections = {}, tasks = {} }: IngestionEvent): string[] =>
  Object.entries({ ...files, ...corrections, ...tasks }).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
