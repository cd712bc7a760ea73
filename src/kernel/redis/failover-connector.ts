import { SentinelConnector } from 'ioredis';
import type { RedisOptions, SentinelConnectionOptions } from 'ioredis';

/** What ioredis keeps to itself. */
interface Internals {
  /** Listens to the Sentinels for as long as a connection to the master stands, and then until the next one does. */
  failoverDetector: { cleanup(): void } | null;
  connectToSentinel(endpoint: unknown, options?: RedisOptions): unknown;
}

/**
 * Finds the master through Sentinels. ioredis ends a client for good when a failover is announced while it asks for the
 * master; here nobody listens to announcements meanwhile: the answer will name the new master, or the next one does.
 */
export class FailoverConnector extends SentinelConnector {
  /** @param options those of the client */
  constructor(options: unknown) {
    super(options as SentinelConnectionOptions);
    const internals = this as unknown as Internals;
    const connect = internals.connectToSentinel.bind(this);
    const { disconnectTimeout } = options as RedisOptions;
    // The clients of the Sentinels would keep a process that ends open for two seconds.
    internals.connectToSentinel = (endpoint, more) => connect(endpoint, { disconnectTimeout, ...more });
  }

  override connect(
    ...args: Parameters<SentinelConnector['connect']>
  ): ReturnType<SentinelConnector['connect']> {
    const internals = this as unknown as Internals;
    internals.failoverDetector?.cleanup();
    // A second time it would set timers for closed sockets, which keep the process alive.
    internals.failoverDetector = null;
    return super.connect(...args);
  }
}
