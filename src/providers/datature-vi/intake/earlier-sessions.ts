import { readTag, TAG_FIELDS } from '../../../contracts/resource';
import type { OpenSession } from '../../intake';
import { timeOf } from '../asset-of';
import { expiryMs } from '../api/signed-urls';
import type { SessionAnswer, SessionFile } from '../api/schemas';
import type { Departures } from './departures';
import { handleOf, type Boarded, type Member } from './send-files';
import { errorsIn, filesIn, type SessionsApi } from './sessions-api';

/** A URL that expires sooner is not taken up. */
const LEAST_LIFE_MS = 60_000;

export interface Earlier {
  session: SessionAnswer;
  boarded: Boarded[];
}

/**
 * Finds among open sessions those that an earlier attempt of the members opened, also one whose answer was lost. A member
 * goes on in its session if that still gives it a URL; else it leaves that session.
 */
export async function earlierSessions(
  sessions: SessionsApi,
  open: readonly SessionAnswer[],
  { members, departures }: { members: readonly Member[]; departures: Departures },
): Promise<Earlier[]> {
  const found: Earlier[] = [];
  const taken = new Set<Member>();
  for (const session of open) {
    const { assetIngestionSessionId: id, status } = session;
    const uploads = new Map((status.assets ?? []).map(({ metadata, upload }) => [metadata.filename, upload]));
    const errors = errorsIn(session);
    const boarded: Boarded[] = [];
    for (const file of filesIn(session)) {
      const member = members.find((one) => isOf(file, one));
      if (!member || errors.has(file.filename)) continue;
      const upload = uploads.get(file.filename);
      const isUsable = upload !== undefined && expiryMs(upload.expiry) > Date.now() + LEAST_LIFE_MS;
      if (isUsable && !taken.has(member)) boarded.push({ member, upload });
      else departures.leave(id, file.filename);
      if (isUsable) taken.add(member);
    }
    if (boarded.length > 0) {
      const names = boarded.map(({ member }) => member.item.filename);
      await departures.comeBack(id, names);
      found.push({ session, boarded });
    } else await departures.settle(sessions, id, { known: session }).catch(() => {}); // whoever looks at it next does
  }
  return found;
}

/** The same run wanted to send the same bytes under the same name. */
const isOf = ({ filename, customMetadata = {}, crc32c }: SessionFile, { item, facts }: Member): boolean =>
  filename === item.filename &&
  customMetadata[TAG_FIELDS.runId] === item.tag.runId &&
  customMetadata[TAG_FIELDS.owner] === item.tag.owner &&
  (crc32c ?? null) === facts.crc32c;

/**
 * The open session in which another lifecycle of the owner, still open itself, has a file of the member's name. What came
 * of a session that nobody works on any more is not waited for.
 */
export async function otherSender(
  open: readonly SessionAnswer[],
  { item: { filename, tag, isOpen } }: Member,
): Promise<{ sessionId: string; key: string } | undefined> {
  for (const session of open) {
    const file = filesIn(session).find((one) => one.filename === filename);
    const its = readTag(file?.customMetadata ?? {});
    if (!its || errorsIn(session).has(filename) || its.owner !== tag.owner || its.key === tag.key) continue;
    if (await isOpen?.(its.workflowId)) return { sessionId: session.assetIngestionSessionId, key: its.key };
  }
  return undefined;
}

/** What lifecycles of the owner have in these sessions, as far as the sessions tell their files. */
export function openItems(
  sessions: readonly SessionAnswer[],
  { owner, datasetId }: { owner: string; datasetId: string },
): OpenSession[] {
  return sessions.map((session) => {
    const { assetIngestionSessionId: sessionId, metadata } = session;
    const errors = errorsIn(session);
    const open = filesIn(session).filter(({ filename }) => !errors.has(filename));
    const items = open.flatMap(({ filename, size: sizeBytes = 0, crc32c = null, customMetadata = {} }) => {
      const tag = readTag(customMetadata);
      const pending = handleOf({ datasetId, sessionId }, { filename, facts: { sizeBytes, crc32c } });
      return tag?.owner === owner ? [{ pending, tag }] : [];
    });
    const { total, succeeded, errored } = session.status.progressCount;
    return {
      ...{ id: sessionId, openedAt: timeOf(metadata.timeCreated) ?? '', items },
      ...{ others: open.length - items.length, awaited: total - succeeded - errored },
    };
  });
}
