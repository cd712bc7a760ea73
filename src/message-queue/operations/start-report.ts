import type { MessageQueueConfig, RedisTopology } from '../message-queue.options.js';

/** What the log says at start. */
export interface StartReport {
  readonly config: MessageQueueConfig;
  /** Registered queues, in their order. */
  readonly queues: readonly { readonly name: string; readonly concurrency: number }[];
  /** Where the board is and who may see it, or why there is none. */
  readonly board: string;
}

/** A start in a few lines: where jobs are kept, what this process does, its queues, its schedules, its board. */
export function startLines({ config, queues, board }: StartReport): string[] {
  const isWorking = config.role !== 'producer';
  const names = queues.map(({ name, concurrency }) => (isWorking ? `${name} × ${concurrency}` : name));
  return [
    storeLine(config),
    roleLine(config),
    `Queues${isWorking ? ' (× jobs at the same time)' : ''}: ${listed(names)}.`,
    ...(isWorking ? [`Schedules: ${listed(config.schedules.map(scheduleOf))}.`] : []),
    `Board: ${board}.`,
  ];
}

function storeLine({ redis, prefix }: MessageQueueConfig): string {
  if (redis === null) {
    return 'Jobs are kept in memory: they die with the process. To keep them, set REDIS_URL and MESSAGE_QUEUE_PROVIDER=redis.';
  }
  const database = redis.db === 0 ? '' : `, database ${redis.db}`;
  return `Jobs are kept in Redis at ${placeOf(redis.topology)}${database}, prefix "${prefix}".`;
}

function roleLine({ role, autoStart }: MessageQueueConfig): string {
  const does = {
    producer: 'adds jobs and runs none',
    worker: 'runs jobs, and may add some',
    both: 'adds jobs and runs them',
  }[role];
  const starts =
    role === 'producer' || autoStart ? '' : ' Work begins when MessageQueueWorker.start() is called.';
  return `Role "${role}": this process ${does}.${starts}`;
}

function scheduleOf({ queue, key, repeat }: MessageQueueConfig['schedules'][number]): string {
  const when =
    'cron' in repeat ? `${repeat.cron}${repeat.tz ? ` ${repeat.tz}` : ''}` : `every ${repeat.every} ms`;
  return `${queue} ${key} (${when})`;
}

function placeOf(topology: RedisTopology): string {
  switch (topology.kind) {
    case 'single':
      return `${topology.host}:${topology.port}`;
    case 'cluster':
      return `a Cluster of ${addresses(topology.nodes)}`;
    case 'sentinel':
      return `"${topology.masterName}", which the Sentinels ${addresses(topology.sentinels)} watch`;
  }
}

function addresses(nodes: readonly { readonly host: string; readonly port: number }[]): string {
  return nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
}

function listed(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(', ');
}
