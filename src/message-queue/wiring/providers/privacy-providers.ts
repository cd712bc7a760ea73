import type { Provider } from '@nestjs/common';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { Clock } from '../../../kernel/time/clock.js';
import {
  InMemoryAuditTrail,
  InMemoryDataKeyStore,
  InMemoryKeyProvider,
} from '../../adapters/in-memory/index.js';
import { Broker } from '../../broker/broker.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import type { ManagedQueue } from '../../broker/managed-queues.js';
import { JobStatusReader } from '../../facade/job-status-reader.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue.tokens.js';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import { AuditTrail } from '../../ports/privacy/audit-trail.js';
import { DataKeyStore } from '../../ports/privacy/data-key-store.js';
import { AuditChain } from '../../privacy/audit/audit-chain.js';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
import { Erasures } from '../../privacy/erasure/erasures.js';
import { PendingErasures } from '../../privacy/erasure/pending-erasures.js';
import { Recalls } from '../../privacy/recall/recalls.js';
import { OperatorLog } from '../../privacy/audit/operator-log.js';
import { QueueAudit } from '../../privacy/audit/queue-audit.js';
import { AppKeys } from '../../privacy/keys/app-keys.js';
import { JobReveal } from '../../privacy/reveal/job-reveal.js';
import type { FindJob } from '../../privacy/reveal/job-reveal.js';
import { Privacy } from '../../privacy/privacy.js';
import type { SealedTexts } from '../../privacy/resealed-queue.js';
import { RingKeyWatch } from '../../privacy/keys/ring-key-watch.js';

/** The keys of the app. */
export const APP_KEYS: Provider = {
  provide: AppKeys,
  useFactory: (
    store: DataKeyStore | null,
    ring: KeyProvider,
    clock: Clock,
    { privacy }: MessageQueueConfig,
    conversations: ConversationStore,
  ) =>
    new AppKeys(
      outlives(store, ring) ? null : store,
      ring,
      clock,
      privacy.keyCache,
      async (conversationId) => (await conversations.find(conversationId))?.legalHold === true,
    ),
  inject: [DataKeyStore, KeyProvider, Clock, MESSAGE_QUEUE_CONFIG, ConversationStore],
};

/** Whether a store would keep keys that are wrapped by one that this process made up: after a restart nobody could open them. */
function outlives(store: DataKeyStore | null, ring: KeyProvider): boolean {
  const isMadeUp = ring instanceof InMemoryKeyProvider && !ring.isPublished;
  return isMadeUp && !(store instanceof InMemoryDataKeyStore);
}

/** What health asks of them. */
export const RING_KEY_WATCH: Provider = {
  provide: RingKeyWatch,
  useFactory: ({ watch }: AppKeys) => watch,
  inject: [AppKeys],
};

/** Who did what. */
export const AUDIT_CHAIN: Provider = {
  provide: AuditChain,
  useFactory: (trail: AuditTrail, { names }: AppKeys, clock: Clock, config: MessageQueueConfig) => {
    warnOfForgetfulAudit(trail, config);
    return new AuditChain(trail, names, clock);
  },
  inject: [AuditTrail, AppKeys, Clock, MESSAGE_QUEUE_CONFIG],
};

/** What is done to queues and jobs. */
export const QUEUE_AUDIT: Provider = {
  provide: QueueAudit,
  useFactory: (audit: AuditChain, log: OperatorLog) => new QueueAudit(audit, log),
  inject: [AuditChain, OperatorLog],
};

/** The list of what people did, beside the jobs of the app. */
export const OPERATOR_LOG: Provider = {
  provide: OperatorLog,
  useFactory: ({ activity }: Broker) => new OperatorLog((deed) => activity.note(deed)),
  inject: [Broker],
};

/** What a host calls. */
export const PRIVACY: Provider = {
  provide: Privacy,
  useFactory: (
    keys: AppKeys,
    audit: AuditChain,
    erasures: Erasures | null,
    pending: PendingErasures | null,
    recalls: Recalls | null,
    conversations: ConversationStore,
    queues: ManagedQueues,
    acts: QueueAudit,
    jobs: JobStatusReader,
  ) =>
    new Privacy({
      keys,
      audit,
      erasures,
      pending,
      recalls,
      conversations,
      textsOf: (name) => sealedTextsOf(queues.get(name)),
      jobs: new JobReveal(acts, findJob(queues, jobs)),
    }),
  inject: [
    AppKeys,
    AuditChain,
    Erasures,
    PendingErasures,
    Recalls,
    ConversationStore,
    ManagedQueues,
    QueueAudit,
    JobStatusReader,
  ],
};

function findJob(queues: ManagedQueues, jobs: JobStatusReader): FindJob {
  return async (queue, id) => {
    const { seal } = queues.get(queue).definition;
    const job = await jobs.job(queue, id);
    return job && { job, seal };
  };
}

function sealedTextsOf({ queue, broker, definition }: ManagedQueue): SealedTexts {
  return {
    seal: definition.seal?.stored,
    replace: (read, pass) => broker.replaceTexts(queue, read, pass),
  };
}

/** Nothing that jobs do only seems done without an audit, so that production starts; but its operator should know. */
function warnOfForgetfulAudit(trail: AuditTrail, { environment, acceptInMemory }: MessageQueueConfig): void {
  const isAccepted = acceptInMemory === true || acceptInMemory.includes(AuditTrail.name);
  if (environment !== 'production' || isAccepted || !(trail instanceof InMemoryAuditTrail)) return;
  new SafeLogger('Audit').warn(
    'The audit of replays, discards, reveals and erasures is kept in memory: it ends with this process, and no other one sees it. Plug in an ' +
      'AuditTrail (sqlStoreAdapters brings one), or accept it: acceptInMemory: [AuditTrail].',
  );
}
