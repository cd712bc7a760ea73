import { createHmac, hkdfSync } from 'node:crypto';
import type { AuditRecord } from '../../ports/privacy/audit-trail.js';
import type { NameKey } from '../keys/name-keys.js';

/** Signs the entries of an audit, and its end. */
export class ChainKey {
  readonly id: string;
  readonly #secret: Buffer;

  constructor(key: NameKey) {
    this.id = key.id;
    this.#secret = Buffer.from(hkdfSync('sha256', key.secret, '', 'mq audit chain', 32));
  }

  /** Over every field, and so over the MAC of the entry before it. */
  macOf(record: Omit<AuditRecord, 'mac'>): string {
    const { seq, at, actor, action, phase, target, queue, jobId, count, reason, keyId, previous } = record;
    const who = [seq, at.getTime(), actor, action, phase, target.kind, target.hash];
    return this.#hmac(['entry', 1, ...who, queue, jobId, count, reason, keyId, previous]);
  }

  /** Over the last entry: nobody without the key can take the end back to an earlier one. */
  sealOf({ seq, mac }: { readonly seq: number; readonly mac: string }): string {
    return this.#hmac(['head', 1, seq, mac]);
  }

  #hmac(parts: readonly (string | number | null)[]): string {
    return createHmac('sha256', this.#secret).update(JSON.stringify(parts)).digest('base64url');
  }
}
