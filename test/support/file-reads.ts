import { open, type FileHandle } from 'node:fs/promises';

/** What `FileHandle.read` is called with by those who read files here. */
export type HandleRead = (
  buffer: Buffer,
  offset: number,
  length: number,
  position: number,
) => Promise<{ bytesRead: number }>;

/** Puts `fake` in the place of every `FileHandle`'s `read`; it is given the real one. Ends with `restoreAllMocks`. */
export async function fakeReads(fake: (real: HandleRead) => HandleRead): Promise<void> {
  const handle = await open(__filename);
  await handle.close();
  const prototype = Object.getPrototypeOf(handle) as { read: HandleRead };
  const { read } = prototype;
  jest.spyOn(prototype, 'read').mockImplementation(function (this: FileHandle, ...call: Parameters<HandleRead>) {
    return fake(read.bind(this))(...call);
  });
}

/** What a system call fails with. */
export const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: read`), { code, syscall: 'read', errno: -1 });
