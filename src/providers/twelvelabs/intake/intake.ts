import type { Assets, ProviderAsset } from '../../assets';
import type { Intake, Submission, SubmitOptions, Submitted } from '../../intake';
import type { Traits } from '../../media-provider';
import { outcomeOf, type Outcome } from '../../outcome';
import { TagSearch } from '../../shared/tag-search/tag-search';
import { tagFields } from '../../../contracts/resource';
import type { TwelveLabsClient } from '../api/client';
import { multipartForm } from '../api/multipart-form';
import { AssetSchema } from '../api/schemas';
import { assetOf } from '../asset-of';
import type { AssetFields } from '../input';
import type { PartStore } from './part-store';
import { openSession, partUploads } from './part-sessions';
import { routeOf } from './route';

/** Submits one request per item, because the API takes one file per call. Source: `POST /assets`. */
export function createIntake(
  { client, store }: { client: TwelveLabsClient; store: PartStore },
  listed: { assets: Pick<Assets, 'list'>; traits: Traits },
): Intake {
  const search = new TagSearch({ ...listed, narrows: true });
  return {
    route: routeOf,

    async submit(items, options = {}) {
      const outcomes: Outcome<Submitted>[] = [];
      for (const [index, item] of items.entries()) {
        outcomes.push(await outcomeOf(() => submitOne(client, item, { ...options, index })));
      }
      return outcomes;
    },

    find: (queries, options) => search.find(queries, options),

    parts: partUploads(client, store),
  };
}

async function submitOne(
  client: TwelveLabsClient,
  item: Submission,
  { signal, onProgress, index }: SubmitOptions & { index: number },
): Promise<Submitted> {
  const { content } = item;
  if (content.route === 'parts') return { upload: await openSession(client, item, content.bytes, { signal }) };
  return { asset: await createAsset(client, item, { signal, onSentBytes: (bytes) => onProgress?.(index, bytes) }) };
}

/** Source: `POST /assets`. */
async function createAsset(
  client: TwelveLabsClient,
  { content, filename, metadata, fields, tag }: Submission,
  { signal, onSentBytes }: { signal?: AbortSignal; onSentBytes: (sentBytes: number) => void },
): Promise<ProviderAsset> {
  const { enableHls, enableThumbnail } = fields as AssetFields;
  const form: Record<string, string> = { method: content.route === 'url' ? 'url' : 'direct' };
  if (content.route === 'url') form.url = content.url;
  form.filename = filename;
  form.enable_hls = String(enableHls);
  form.enable_thumbnail = String(enableThumbnail);
  form.user_metadata = JSON.stringify({ ...metadata, ...tagFields(tag) });
  const file = content.route === 'url' ? undefined : { field: 'file', filename, source: content.bytes };
  const answer = await client.call(
    {
      method: 'POST',
      kind: 'upload',
      route: '/assets',
      path: '/assets',
      about: filename,
      creates: true,
      form: multipartForm(form, file),
      signal,
      onSentBytes,
    },
    AssetSchema,
  );
  return assetOf(answer);
}
