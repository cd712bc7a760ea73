import { Cluster } from 'ioredis';
import { QueueFullError } from '../../../jobs/errors.js';
import type { RedisClient } from './redis-client.js';
import type { RedisConnections } from './redis-connections.js';

/** Memory of one Redis server, bytes. */
export interface MemoryUse {
  readonly used: number;
  /** 0: no limit. */
  readonly limit: number;
}

const CHECK_EVERY_MS = 1_000;

/**
 * Refuses adds while Redis is nearly full, so that workers can finish what is there. Looks at most once a second;
 * resumes by itself. A Redis that does not tell its memory (INFO forbidden) is never refused.
 */
export class MemoryGuard {
  private checkedAt = Number.NEGATIVE_INFINITY;
  private fullest: MemoryUse | null = null;

  constructor(
    private readonly connections: RedisConnections,
    private readonly limitRatio: number,
  ) {}

  /** @throws QueueFullError when Redis uses more than the allowed share of its memory */
  check(queue: string): void {
    this.refresh();
    const use = this.fullest;
    if (use === null || use.limit === 0 || use.used <= use.limit * this.limitRatio) return;
    throw memoryError(queue, use.used, Math.floor(use.limit * this.limitRatio));
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

/** The error of an add that Redis has no memory for. The job was certainly not added. */
function memoryError(queue: string, used: number, limit: number, cause?: unknown): QueueFullError {
  return new QueueFullError(
    `Redis is short of memory (${used} bytes used, adds are refused above ${limit}); nothing was added to queue ` +
      `"${queue}". Raise maxmemory, or let the workers finish; adds resume by themselves.`,
    used,
    limit,
    CHECK_EVERY_MS,
    { queue, cause },
  );
}

/** As `memoryError`, for an add that Redis itself refused: how much it uses is not known here. */
export function outOfMemory(queue: string, cause: Error): QueueFullError {
  return new QueueFullError(
    `Redis has reached its maxmemory and refused the add (${cause.message}); nothing was added to queue "${queue}". ` +
      'Raise maxmemory, or let the workers finish; adds resume by themselves.',
    0,
    0,
    CHECK_EVERY_MS,
    { queue, cause },
  );
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
