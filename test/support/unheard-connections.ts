import type { ConnectionListener } from '../../src/message-queue/broker/redis/connections/redis-connections.js';

/** Nobody is told what happens to a test's connections. */
export const unheard: ConnectionListener = {
  failed: () => undefined,
  refused: () => undefined,
  ready: () => undefined,
};
