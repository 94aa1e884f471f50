import path from 'node:path';
import type { MediaItem } from '../../../media/media-facts';
import { kindOfFile, type FileKind } from './file-kind';

const A: Readonly<Record<FileKind, string>> = { video: 'a video', audio: 'audio', image: 'an image' };
/** The provider compares these extensions with the content. Source: `POST /assets`, documents. */
const DOCUMENTS = ['.pdf', '.txt', '.md'];

/**
 * Why the content is not what the filename says; `undefined` if it is, or cannot be told. Video and audio share their
 * containers, so that one may have the other's name.
 */
export function contentRefusal({ field, filename, kind, container }: MediaItem): string | undefined {
  if (kind === undefined) return undefined;
  const named = kindOfFile(filename);
  const refused = (as: string, but: string): string =>
    `${field}: ${filename} is named as ${as}, but ${but}; give it the name of what it is, or the content of its name`;
  if (named === 'other') {
    const isDocument = DOCUMENTS.includes(path.extname(filename).toLowerCase());
    return isDocument && kind in A ? refused('a document', `its content is ${contentOf(kind, container)}`) : undefined;
  }
  if (kind === 'none') return refused(A[named], 'it holds no video, audio or image stream');
  if (kind === named || (kind !== 'image' && kind !== 'document' && named !== 'image')) return undefined;
  return refused(A[named], `its content is ${contentOf(kind, container)}`);
}

const contentOf = (kind: FileKind | 'document' | 'none', container: string | undefined): string =>
  kind === 'document' || kind === 'none' ? (container ?? 'a document') : `${A[kind]} (${container})`;
