import type { AddRequest } from '../../src/message-queue/broker/broker.js';
import { plainName } from '../../src/message-queue/jobs/sealing/keyed-ledger.js';

export const request = (over: Partial<AddRequest> = {}): AddRequest => ({
  name: 'job',
  data: { a: 1 },
  options: {},
  ...over,
});

/** An add under an idempotency key. @param names of the key in the ledger */
export const once = (key: string, fingerprint = 'f', ttlMs = 60_000, names = [plainName(key)]) => ({
  idempotency: { key, names, fingerprint, ttlMs },
});
