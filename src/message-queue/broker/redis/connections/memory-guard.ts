import { Cluster } from 'ioredis';
import type { QueueFullError } from '../../../jobs/errors.js';
import { storeFull } from '../../rules/add-errors.js';
import type { AddPlace } from '../../rules/add-errors.js';
import type { RedisClient } from '../../../../kernel/redis/redis-client.js';
import type { RedisConnections } from './redis-connections.js';

/** Memory of one Redis server, bytes. */
export interface MemoryUse {
  readonly used: number;
  /** 0 means no limit. */
  readonly limit: number;
}

const CHECK_EVERY_MS = 1_000;
const REMEDY = 'let the workers finish, or raise maxmemory';

/**
 * Refuses adds while Redis is nearly full, so that workers can finish what is there. Checks at most once a second;
 * resumes by itself. A Redis that does not report its memory (INFO forbidden) counts as having room.
 */
export class MemoryGuard {
  private checkedAt = Number.NEGATIVE_INFINITY;
  private fullest: MemoryUse | null = null;

  constructor(
    private readonly connections: RedisConnections,
    private readonly limitRatio: number,
  ) {}

  /** @throws QueueFullError when Redis uses more than the allowed share of its memory */
  check(place: AddPlace): void {
    this.refresh();
    const use = this.fullest;
    if (use === null || use.limit === 0 || use.used <= use.limit * this.limitRatio) return;
    const limit = Math.floor(use.limit * this.limitRatio);
    const state = `Redis is short of memory: it uses ${use.used} bytes and adds are refused above ${limit}`;
    throw storeFull(place, { state, remedy: REMEDY, held: use.used, limit });
  }

  private refresh(): void {
    const now = performance.now();
    if (now - this.checkedAt < CHECK_EVERY_MS || this.connections.client.status !== 'ready') return;
    this.checkedAt = now;
    memoryUse(this.connections.client).then(
      (use) => (this.fullest = use),
      () => (this.fullest = null),
    );
  }
}

/** The error of an add that Redis itself refused for lack of memory; how much it uses is not known here. */
export function outOfMemory(place: AddPlace, cause: Error): QueueFullError {
  const state = `Redis has reached its maxmemory (${cause.message.replace(/\.$/, '')})`;
  return storeFull(place, { state, remedy: REMEDY, held: 0, limit: 0, cause });
}

/** Memory of the server, or of the fullest master of a Cluster. */
export async function memoryUse(client: RedisClient): Promise<MemoryUse> {
  const nodes = client instanceof Cluster ? client.nodes('master') : [client];
  const uses = await Promise.all(nodes.map(async (node) => parseMemory(await node.info('memory'))));
  const share = (use: MemoryUse): number => (use.limit === 0 ? 0 : use.used / use.limit);
  return uses.reduce((a, b) => (share(b) > share(a) ? b : a), { used: 0, limit: 0 });
}

function parseMemory(info: string): MemoryUse {
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { used: field('used_memory'), limit: field('maxmemory') };
}
