import { failure, failureType } from '../../../contracts/failures';
import type { FileToIngest, UploadedFile, UploadOptions } from '../../ingestions';
import { meaningOf } from '../intake/ingestion-codes';

/** What has become of the files of one upload so far. */
export class UploadStates {
  private readonly states = new Map<number, UploadedFile>();
  private readonly sent = new Map<number, number>();
  private sentBytes = 0;

  constructor(
    private readonly files: readonly FileToIngest[],
    private readonly onProgress: UploadOptions['onProgress'],
  ) {}

  get hasFailed(): boolean {
    return [...this.states.values()].some(({ state }) => state === 'failed');
  }

  has(at: number): boolean {
    return this.states.has(at);
  }

  /** All files in their order; those of which nothing is known were not sent. */
  all(): UploadedFile[] {
    return this.files.map(({ filename }, at) => this.states.get(at) ?? { filename, state: 'unsent' });
  }

  set(at: number, state: Exclude<UploadedFile['state'], 'failed'>): void {
    this.put(at, { filename: this.nameOf(at), state });
  }

  fail(at: number, error: unknown, code?: string): void {
    const type = failureType(error);
    this.put(at, {
      ...{ filename: this.nameOf(at), state: 'failed' },
      ...(code !== undefined && { code }),
      ...(type && { type }),
      message: (error as Error).message,
    });
  }

  /** The provider said so. */
  failByCode(at: number, code: string): void {
    const { type, words } = meaningOf(code);
    this.fail(at, failure(type, `${this.nameOf(at)}: ${code}, ${words}`), code);
  }

  sentOf(at: number, bytes: number): void {
    this.sentBytes += bytes - (this.sent.get(at) ?? 0);
    this.sent.set(at, bytes);
    this.tell();
  }

  private put(at: number, file: UploadedFile): void {
    this.states.set(at, file);
    this.tell();
  }

  private tell(): void {
    this.onProgress?.({ sentBytes: this.sentBytes, ended: this.states.size });
  }

  private nameOf(at: number): string {
    return this.files[at]?.filename ?? '';
  }
}
