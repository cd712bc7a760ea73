import type { AddRequest } from '../../src/message-queue/broker/broker.js';

export const request = (over: Partial<AddRequest> = {}): AddRequest => ({
  name: 'job',
  data: { a: 1 },
  options: {},
  ...over,
});
export const once = (key: string, fingerprint = 'f', ttlMs = 60_000) => ({
  idempotency: { key, fingerprint, ttlMs },
});
