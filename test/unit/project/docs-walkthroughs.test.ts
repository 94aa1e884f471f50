import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../support/imports';

interface HistoryEvent {
  readonly eventId: string;
  readonly activityTaskScheduledEventAttributes?: { readonly activityType: { readonly name: string } };
}

const FOLDER = path.join(ROOT, 'docs/walkthroughs');
const pages = readdirSync(FOLDER).filter((name) => name.endsWith('.md'));

function read(page: string) {
  const text = readFileSync(path.join(FOLDER, page), 'utf8');
  const history = /\]\(([^)]*test\/replay\/histories\/[^)]+\.json)\)/.exec(text)?.[1];
  if (history === undefined) throw new Error(`${page} names no history`);
  const { events } = JSON.parse(readFileSync(path.join(FOLDER, history), 'utf8')) as { events: HistoryEvent[] };
  const scheduled = events.flatMap(({ eventId, activityTaskScheduledEventAttributes: attributes }) =>
    attributes ? [{ name: attributes.activityType.name, eventId: Number(eventId) }] : [],
  );
  return { rows: text.split('\n').filter((line) => line.startsWith('| ')), scheduled };
}

/** Activities that a row of the table is about: the row begins with the numbers of their events. */
const rowsOfActivities = (rows: readonly string[]) =>
  rows.flatMap((row) => {
    const [, first = '', name = ''] = /^\| (\d+)[^|]*\| `(\w+)`/.exec(row) ?? [];
    return name ? [{ name, eventId: Number(first) }] : [];
  });

test.each(pages)('the table of %s names the activities of its history, in its order, by their events', (page) => {
  const { rows, scheduled } = read(page);
  expect(rowsOfActivities(rows)).toEqual(scheduled);
});
