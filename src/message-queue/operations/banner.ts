import type { ServerReport } from '../broker/broker.js';
import type { MessageQueueConfig, RedisTopology } from '../message-queue.options.js';

/** Something in the web server, or beside it. */
export interface BannerPart {
  /** Such as `Board`. */
  readonly name: string;
  /** Where it is and who may open it, or why it is not there. */
  readonly state: string;
}

/** What the banner tells. */
export interface BannerFacts {
  /** Of this library. */
  readonly version: string;
  readonly config: Pick<MessageQueueConfig, 'role' | 'autoStart' | 'provider' | 'redis' | 'prefix'>;
  /** Of the server; null while it does not answer. */
  readonly serverVersion: ServerReport['version'];
  readonly isReachable: boolean;
  /** Registered queues, in their order. */
  readonly queues: readonly { readonly name: string; readonly concurrency: number }[];
  /** Those of the code; next run in milliseconds since the epoch, null where there is none. */
  readonly schedules: readonly {
    readonly queue: string;
    readonly key: string;
    readonly nextAt: number | null;
  }[];
  readonly parts: readonly BannerPart[];
  /** Ports that memory serves. */
  readonly inMemory: readonly string[];
  /** What is off, each with the option that turns it on. */
  readonly off: readonly string[];
}

/** Longest line, characters, where words allow it. */
const WIDTH = 78;
const MOST_SCHEDULES = 8;

/** What a start says, as one text: what runs here, on what, where it can be seen and by whom, and what could be turned on. */
export function banner(facts: BannerFacts): string {
  const { version, config, queues, schedules, parts, inMemory, off } = facts;
  const isWorking = config.role !== 'producer';
  const sections: readonly (readonly [name: string, text: string])[] = [
    ['Jobs', storeOf(facts)],
    [
      'Queues',
      listed(queues.map(({ name, concurrency }) => (isWorking ? `${name} × ${concurrency}` : name))),
    ],
    ...(isWorking ? ([['Schedules', schedulesOf(schedules)]] as const) : []),
    ...parts.map(({ name, state }) => [name, state] as const),
    ...(inMemory.length === 0
      ? []
      : ([['In memory', `${inMemory.join(', ')}: what goes there does not leave this process`]] as const)),
    ...(off.length === 0 ? [] : ([['Off', off.join('; ')]] as const)),
  ];
  return [`nestjs-message-queue ${version}, ${roleOf(config)}`, ...sections.map(section)].join('\n');
}

function storeOf({ config: { provider, redis, prefix }, serverVersion, isReachable }: BannerFacts): string {
  if (provider === 'sync') {
    return 'nowhere: an add runs its job, and rejects when that fails; what is due later waits in memory, and dies with the process';
  }
  if (redis === null) {
    return 'in memory, they die with the process; to keep them, set REDIS_URL, and MESSAGE_QUEUE_PROVIDER to nothing but redis';
  }
  const database = redis.db === 0 ? '' : `, database ${redis.db}`;
  const version = serverVersion === null ? '' : ` ${serverVersion}`;
  const away = isReachable ? '' : '; it does not answer';
  return `in Redis${version} at ${placeOf(redis.topology)}${database}, prefix "${prefix}"${away}`;
}

function roleOf({ role, autoStart }: BannerFacts['config']): string {
  const does = {
    producer: 'role "producer": adds jobs and runs none',
    worker: 'role "worker": runs jobs, and may add some',
    both: 'role "both": adds jobs and runs them',
  }[role];
  return role === 'producer' || autoStart ? does : `${does}, once MessageQueueWorker.start() is called`;
}

function schedulesOf(schedules: BannerFacts['schedules']): string {
  const soonestFirst = schedules.toSorted((a, b) => (a.nextAt ?? Infinity) - (b.nextAt ?? Infinity));
  const shown = soonestFirst.slice(0, MOST_SCHEDULES).map(({ queue, key, nextAt }) => {
    const next = nextAt === null ? 'over' : new Date(nextAt).toISOString().replace(/:\d\d\.\d+Z$/, 'Z');
    return `${queue} ${key} ${next}`;
  });
  const more = schedules.length - shown.length;
  return listed(more > 0 ? [...shown, `and ${more} more`] : shown);
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

/** An item of a list, which logs keep on lines of its own; what does not fit goes on below, further in. */
function section([name, text]: readonly [name: string, text: string]): string {
  const lines: string[] = [];
  let line = `  - ${name}:`;
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `      ${word}`;
    } else line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
