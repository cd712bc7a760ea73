import type { Redis } from 'ioredis';
import { writeNote } from '../process/run-notes.js';

/** What a server must be started with for a {@link LockWitness}: it says when a key ran out. */
export const WITNESS_SETTINGS = ['--notify-keyspace-events', 'Ex'] as const;

/** Writes down which locks ran out, by what Redis itself says: a run whose lock ran out may be begun again by another worker. */
export class LockWitness {
  private readonly client: Redis;

  /** @param connection a client of the checker's own, which no fault reaches but the death of the server */
  constructor(connection: Redis, record: string, base: string) {
    this.client = connection;
    connection.on('message', (_channel, key: string) => {
      if (!key.startsWith(base) || !key.endsWith(':lock')) return;
      const jobId = key.slice(base.length, -':lock'.length);
      writeNote(record, { what: 'expired', key: '-', jobId, run: '-', attempt: 0 });
    });
  }

  async start(): Promise<void> {
    await this.client.subscribe('__keyevent@0__:expired');
  }

  stop(): void {
    this.client.disconnect();
  }
}
