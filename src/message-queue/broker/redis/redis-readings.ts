import { BrokerUnavailableError } from '../../jobs/errors.js';
import type { ServerReport } from '../server-report.js';
import { RedisActivity } from './activity/redis-activity.js';
import { SnapshotReader } from './administration/snapshot-reader.js';
import { TRIED_AGAIN } from './connections/connection-error.js';
import { inspectRedis } from './connections/server-inspection.js';
import { RedisConnections } from './connections/redis-connections.js';
import { RedisScripts } from './connections/redis-scripts.js';
import { resolveOptions } from './redis-broker.options.js';
import type { RedisBrokerOptions, ResolvedRedisBrokerOptions } from './redis-broker.options.js';

/** How long a command waits for a connection, milliseconds. */
const CONNECT_WITHIN_MS = 2_000;

/** What Redis tells of queues by their names alone: for who reads and leaves again, and need not load Bull for it. */
export class RedisReadings {
  readonly activity: RedisActivity;
  private readonly options: ResolvedRedisBrokerOptions;
  private readonly connections: RedisConnections;
  /** What Redis said when it did not let us in: waiting changes nothing. */
  private readonly refusal: Promise<BrokerUnavailableError>;

  constructor(options: RedisBrokerOptions) {
    this.options = resolveOptions(options);
    const unheard = (): void => undefined;
    let refuse: (error: BrokerUnavailableError) => void = unheard;
    this.refusal = new Promise((resolve) => (refuse = resolve));
    const failed = (error: Error): void => {
      if (error instanceof BrokerUnavailableError && error.reply !== null) refuse(error);
    };
    this.connections = new RedisConnections(this.options.redis, this.options.socketTimeoutMs, {
      ...{ failed, refused: unheard, ready: unheard },
    });
    const access = { scripts: new RedisScripts(this.connections), connections: this.connections };
    this.activity = new RedisActivity(access, this.options, new SnapshotReader(access));
  }

  /** @throws BrokerUnavailableError when Redis refuses the connection, or cannot be reached within two seconds */
  async connected(): Promise<void> {
    const isReady = await Promise.race([this.connections.ready(CONNECT_WITHIN_MS), this.refusal]);
    if (isReady === true) return;
    if (isReady !== false)
      throw new BrokerUnavailableError(isReady.message.replace(TRIED_AGAIN, ''), { cause: isReady });
    const { findings } = await this.inspectServer();
    const why = findings.map(({ message }) => message).join(' ');
    throw new BrokerUnavailableError(why || 'Redis does not answer. Check that it runs and can be reached.');
  }

  /** Checks the server for what this library needs. Never rejects. */
  inspectServer(): Promise<ServerReport> {
    return inspectRedis(this.connections, this.options.guarantees);
  }

  close(): Promise<void> {
    return this.connections.close();
  }
}
