import type { Queue } from 'bull';
import { UnsupportedOperationError } from '../../../../jobs/errors.js';
import type { MemoryBudget } from '../../store/memory-budget.js';

/**
 * Equal to Bull: stands where its queue has a Redis client. It answers `info()`, for Bull Board; every other command is refused,
 * so that code which reaches for Redis says so instead of failing somewhere else.
 */
export function memoryClient(queue: string, budget: MemoryBudget): Queue['client'] {
  const known: Record<string, unknown> = {
    status: 'ready',
    options: {},
    info: (): Promise<string> => Promise.resolve(serverInfo(budget)),
  };
  const client = new Proxy(known, {
    get(target, property): unknown {
      if (typeof property === 'symbol' || property in target) return Reflect.get(target, property) as unknown;
      // Promises look for it when a client is awaited.
      if (property === 'then') return undefined;
      return (): never => {
        throw new UnsupportedOperationError(
          `Queue "${queue}" is in memory: there is no Redis to send "${property}" to. Use the queue's own methods.`,
          { queue },
        );
      };
    },
  });
  return client as unknown as Queue['client'];
}

function serverInfo(budget: MemoryBudget): string {
  const { heapUsed, rss } = process.memoryUsage();
  const limit = Number.isFinite(budget.maxBytes) ? budget.maxBytes : 0;
  return [
    '# Server',
    'redis_version:memory',
    'redis_mode:in-process',
    `os:${process.platform} ${process.arch}`,
    'tcp_port:0',
    `uptime_in_seconds:${Math.floor(process.uptime())}`,
    '# Clients',
    'connected_clients:0',
    'blocked_clients:0',
    '# Memory',
    `used_memory:${budget.bytes}`,
    `used_memory_peak:${heapUsed}`,
    `total_system_memory:${rss}`,
    `maxmemory:${limit}`,
    'mem_fragmentation_ratio:1',
    '',
  ].join('\r\n');
}
