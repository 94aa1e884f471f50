import type { MediaItem } from '../../media/media-facts';
import { formatOf, type MediaKind } from './intake/formats';

const KINDS: Readonly<Record<MediaKind, { is: MediaItem['kind']; words: string; holds: string }>> = {
  Image: { is: 'image', words: 'an image', holds: 'picture' },
  Video: { is: 'video', words: 'a video', holds: 'video stream' },
};

/**
 * Why the content is not what the filename declares, by which the provider takes it; `undefined` if it is, or cannot be
 * told. Whether an image is whole is not looked at: the provider decodes it, and fails it as ECORRUPT.
 */
export function contentRefusal({ field, filename, kind, container, sizes }: MediaItem): string | undefined {
  const declared = formatOf(filename);
  if (kind === undefined || !declared) return undefined;
  const { is, words, holds } = KINDS[declared.kind];
  if (kind === is && sizes.length > 0) return undefined;
  const but = kind === is || kind === 'none' ? `it holds no ${holds}` : `its content is ${contentOf(kind, container)}`;
  return `${field}: ${filename} is named as ${words}, but ${but}; give it the name of what it is, or the content of its name`;
}

const CONTENTS: Readonly<Record<string, string>> = { video: 'a video', audio: 'audio', image: 'an image' };

function contentOf(kind: string, container: string | undefined): string {
  const words = CONTENTS[kind] ?? 'a document';
  return container === undefined ? words : `${words} (${container})`;
}
