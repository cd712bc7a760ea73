import { SentinelConnector } from 'ioredis';
import type { Redis, RedisOptions, SentinelConnectionOptions } from 'ioredis';

/** What ioredis keeps to itself. */
interface Internals {
  /** Listens to the Sentinels for as long as a connection to the master stands, and then until the next one does. */
  failoverDetector: { cleanup(): void } | null;
  /** @param options given for a client that listens, not for one that asks for the master */
  connectToSentinel(endpoint: unknown, options?: RedisOptions): Redis;
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
    internals.connectToSentinel = (endpoint, listening) => {
      // They would keep a process that ends open: two seconds after a disconnect, and as long as a call may take that was given
      // to one that reconnects, which ioredis does not settle. Who listens waits for as long as it takes.
      const brief = { disconnectTimeout, ...(listening && { ...listening, commandTimeout: undefined }) };
      const client = connect(endpoint, brief);
      // It connects again by itself; ioredis prints what nobody listens to.
      if (listening !== undefined) client.on('error', () => undefined);
      return client;
    };
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
