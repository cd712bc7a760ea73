import type { Provider } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Clock } from '../../../kernel/time/clock.js';
import { ManagedQueues } from '../../broker/managed-queues.js';
import { JobEnqueuer } from '../../facade/job-enqueuer.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue.tokens.js';
import { AttachmentFiles } from '../../ports/attachments/attachment-files.js';
import { AttachmentStore } from '../../ports/attachments/attachment-store.js';
import { CleanupStore } from '../../ports/messages/cleanup-store.js';
import { ConversationMembers } from '../../ports/messages/conversation-members.js';
import { ConversationStore } from '../../ports/messages/conversation-store.js';
import { MessageStore } from '../../ports/messages/message-store.js';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import { ErasureRunner } from '../../ports/privacy/erasure-runner.js';
import { MessageTraces } from '../../ports/privacy/message-traces.js';
import { TraceHolder } from '../../ports/privacy/trace-holder.js';
import { AuditChain } from '../../privacy/audit/audit-chain.js';
import { AttachmentTraces } from '../../privacy/erasure/attachment-traces.js';
import { ErasureEngine } from '../../privacy/erasure/erasure-engine.js';
import { ErasureWatch } from '../../privacy/erasure/erasure-watch.js';
import { Erasures } from '../../privacy/erasure/erasures.js';
import { PendingErasures } from '../../privacy/erasure/pending-erasures.js';
import { TraceHolders } from '../../privacy/erasure/trace-holders.js';
import { JobTraces } from '../../privacy/job-traces/job-traces.js';
import { RecallTelling } from '../../privacy/recall/recall-telling.js';
import { Recalls } from '../../privacy/recall/recalls.js';
import { AppKeys } from '../../privacy/keys/app-keys.js';
import { CLEANUP_QUEUE } from '../../queues/queue-definitions.js';

/** A job goes on for hours when a holder does not answer: 10 attempts, 10 s, 20 s, 40 s … apart. */
const RESUME = { attempts: 10, backoff: { type: 'exponential', delayMs: 10_000 } } as const;
/** One job per erasure in so long a time, milliseconds. */
const RESUME_EVERY_MS = 10 * 60_000;

/** What erases conversations and people. */
export const ERASURE_PROVIDERS: readonly Provider[] = [
  {
    provide: TraceHolders,
    useFactory: (discovery: DiscoveryService) => new TraceHolders(() => traceHoldersOf(discovery)),
    inject: [DiscoveryService],
  },
  { provide: MessageTraces, useExisting: TraceHolders },
  {
    provide: JobTraces,
    useFactory: (queues: ManagedQueues) => new JobTraces(queues),
    inject: [ManagedQueues],
  },
  {
    provide: AttachmentTraces,
    useFactory: (attachments: AttachmentStore, files: AttachmentFiles) =>
      new AttachmentTraces(attachments, files),
    inject: [AttachmentStore, AttachmentFiles],
  },
  {
    provide: ErasureEngine,
    useFactory: (holders: TraceHolders, cleanup: CleanupStore) => new ErasureEngine(holders, cleanup),
    inject: [TraceHolders, CleanupStore],
  },
  {
    // Null without a data key store: nothing can be erased for good then.
    provide: Recalls,
    useFactory: (
      { stored }: AppKeys,
      holders: TraceHolders,
      engine: ErasureEngine,
      jobs: JobTraces,
      messages: MessageStore,
      transport: MessageTransport,
      audit: AuditChain,
      clock: Clock,
    ) => {
      const telling = new RecallTelling(messages, transport);
      return stored && new Recalls({ keys: stored, messages, jobs, holders, engine, telling, audit, clock });
    },
    inject: [
      AppKeys,
      TraceHolders,
      ErasureEngine,
      JobTraces,
      MessageStore,
      MessageTransport,
      AuditChain,
      Clock,
    ],
  },
  {
    provide: Erasures,
    useFactory: (
      { stored }: AppKeys,
      recalls: Recalls | null,
      engine: ErasureEngine,
      messages: MessageStore,
      conversations: ConversationStore,
      members: ConversationMembers,
      audit: AuditChain,
      clock: Clock,
      { privacy }: MessageQueueConfig,
    ) =>
      stored &&
      recalls &&
      new Erasures({
        keys: stored,
        stores: { messages, conversations, members },
        ...{ engine, recalls, audit, clock, keyBackupDays: privacy.keyBackupDays },
      }),
    inject: [
      AppKeys,
      Recalls,
      ErasureEngine,
      MessageStore,
      ConversationStore,
      ConversationMembers,
      AuditChain,
      Clock,
      MESSAGE_QUEUE_CONFIG,
    ],
  },
  {
    provide: ErasureRunner,
    useFactory: (erasures: Erasures | null): ErasureRunner =>
      erasures ?? { resume: () => Promise.resolve(null) },
    inject: [Erasures],
  },
  {
    provide: PendingErasures,
    useFactory: ({ stored }: AppKeys, conversations: ConversationStore, audit: AuditChain, clock: Clock) =>
      stored && new PendingErasures(stored, conversations, audit, clock),
    inject: [AppKeys, ConversationStore, AuditChain, Clock],
  },
  {
    provide: ErasureWatch,
    useFactory: (
      pending: PendingErasures | null,
      clock: Clock,
      enqueuer: JobEnqueuer,
      { builtInQueues }: MessageQueueConfig,
    ) => {
      const goOn = (receiptId: string): Promise<unknown> =>
        enqueuer.add(
          CLEANUP_QUEUE.name,
          'erase-traces',
          { receiptId, createdAt: new Date(clock.now()) },
          { ...RESUME, idempotencyKey: `erasure:${receiptId}`, ttl: RESUME_EVERY_MS },
        );
      return new ErasureWatch(pending, builtInQueues.includes(CLEANUP_QUEUE.name) ? goOn : null, clock);
    },
    inject: [PendingErasures, Clock, JobEnqueuer, MESSAGE_QUEUE_CONFIG],
  },
];

/** What extends TraceHolder among the app's providers, jobs first: no run brings back what is erased after them. */
function traceHoldersOf(discovery: DiscoveryService): TraceHolder[] {
  const found = discovery
    .getProviders()
    // A port or a host's own class; under any other token stands a part of one of them.
    .filter(({ token }) => typeof token === 'function')
    .map(({ instance }) => instance as unknown)
    .filter((instance) => instance instanceof TraceHolder);
  return [...new Set(found)].sort((a, b) => Number(b instanceof JobTraces) - Number(a instanceof JobTraces));
}
