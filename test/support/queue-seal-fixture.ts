import { randomBytes } from 'node:crypto';
import { SystemClock } from '../../src/kernel/time/clock.js';
import { defineQueue } from '../../src/message-queue/jobs/queue-definition.js';
import type { QueueDefinition } from '../../src/message-queue/jobs/queue-definition.js';
import type {
  OpenedPayload,
  PayloadSeal,
  SealableQueue,
} from '../../src/message-queue/jobs/sealing/payload-seal.js';
import { KeyProvider } from '../../src/message-queue/ports/encryption/key-provider.js';
import type { EncryptionKey } from '../../src/message-queue/ports/encryption/key-provider.js';
import type { CodecOptions } from '../../src/message-queue/privacy/payload-codec.js';
import { AppCodecKeys } from '../../src/message-queue/privacy/keys/app-codec-keys.js';
import { PayloadCodec } from '../../src/message-queue/privacy/payload-codec.js';
import { KeyScope, Readable } from '../../src/message-queue/privacy/sealed-fields.decorators.js';

/** A payload of the tests. */
export class NoteDto {
  @Readable() noteId!: string;
  @KeyScope('conversation') conversationId?: string;
  text!: string;
  more?: unknown;
}

class LongNoteDto extends NoteDto {
  @Readable() pages!: number;
}

export const NOTES = defineQueue({
  name: 'notes',
  description: 'Notes.',
  sealed: true,
  jobs: { write: NoteDto, print: LongNoteDto },
  ...{ concurrency: 1, attempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 1_000 },
});
export const PAYLOAD = {
  noteId: 'n-1',
  conversationId: 'c-1',
  text: 'Zoë has a fever 🤒',
  more: { deep: ['x', 1] },
};
export const JOB = { job: 'write', jobId: 'm_1' };

export class Ring extends KeyProvider {
  isAway = false;
  readonly keys: EncryptionKey[];

  constructor(...ids: string[]) {
    super();
    this.keys = ids.map((id) => ({ id, secret: randomBytes(32) }));
  }

  override current(): Promise<EncryptionKey> {
    return this.answer(() => this.keys[0] as EncryptionKey);
  }

  override byId(keyId: string): Promise<EncryptionKey | null> {
    return this.answer(() => this.keys.find(({ id }) => id === keyId) ?? null);
  }

  override ids(): Promise<string[]> {
    return this.answer(() => this.keys.map(({ id }) => id));
  }

  private async answer<T>(value: () => T): Promise<T> {
    if (this.isAway) throw new Error('The KMS is away.');
    return value();
  }
}

/** A queue in a process of its own: keys, caches and seals are made anew. */
export function queueOf(
  ring: KeyProvider,
  options: Partial<CodecOptions> = {},
  definition: QueueDefinition = NOTES,
): SealableQueue {
  const codec = new PayloadCodec({
    ...{ sealing: 'on', unsealed: 'run', timeoutMs: 1_000 },
    openKeys: () => new AppCodecKeys(null, ring, new SystemClock(), { keys: 100, forMs: 60_000 }),
    ...options,
  });
  return codec.withSeal(definition);
}

/** What seals the payloads of such a queue. */
export function sealOf(...parts: Parameters<typeof queueOf>): PayloadSeal {
  return queueOf(...parts).seal as PayloadSeal;
}

export async function stored(
  seal: PayloadSeal,
  payload: object = PAYLOAD,
  job = 'write',
): Promise<Record<string, unknown>> {
  return JSON.parse(await seal.seal(job, seal.split(job, payload))) as Record<string, unknown>;
}

export async function opened(seal: PayloadSeal, data: unknown, job = JOB): Promise<OpenedPayload> {
  const payload = await seal.open(job, data);
  if (payload === 'shredded') throw new Error('It is shredded.');
  return payload;
}
