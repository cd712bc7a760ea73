import { SystemClock } from '../../src/kernel/time/clock.js';
import { InMemoryAuditTrail } from '../../src/message-queue/adapters/in-memory/index.js';
import { AuditChain } from '../../src/message-queue/privacy/audit/audit-chain.js';
import { QueueAudit } from '../../src/message-queue/privacy/audit/queue-audit.js';
import { RingNameKeys } from '../../src/message-queue/privacy/keys/ring-name-keys.js';
import { KeyRing } from './key-ring.js';

/** An audit that nobody looks at. */
export function someAudit(): QueueAudit {
  return new QueueAudit(
    new AuditChain(new InMemoryAuditTrail(), new RingNameKeys(new KeyRing()), new SystemClock()),
    { note: () => Promise.resolve() },
  );
}
