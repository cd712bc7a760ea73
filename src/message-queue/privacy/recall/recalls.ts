import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../kernel/time/clock.js';
import type { MessageStore, StoredMessage } from '../../ports/messages/message-store.js';
import { NotificationInbox } from '../../ports/notifications/notification-inbox.js';
import type { ErasureRecord } from '../../ports/privacy/tombstone.js';
import type { TraceHolder, TraceTarget } from '../../ports/privacy/trace-holder.js';
import { SearchIndex } from '../../ports/search-index.js';
import type { AuditChain } from '../audit/audit-chain.js';
import type { JobTraces } from '../job-traces/job-traces.js';
import type { StoredKeys } from '../keys/app-keys.js';
import type { ErasureEngine, ReportHolder } from '../erasure/erasure-engine.js';
import { figuresAfter, figuresAtStart, removedIn } from '../erasure/erasure-figures.js';
import type { ErasureRun } from '../erasure/erasure-figures.js';
import { checkTarget } from '../erasure/erasure-plan.js';
import type { ErasurePart } from '../erasure/erasure-plan.js';
import { recallReceipt } from './recall-receipt.js';
import type { RecallReceipt } from './recall-receipt.js';
import type { RecallTelling } from './recall-telling.js';
import { Tally } from '../erasure/tally.js';
import { eraseAll } from '../erasure/trace-holders.js';
import type { TraceHolders } from '../erasure/trace-holders.js';

/** What a recall is built from. */
export interface RecallsParts {
  readonly keys: StoredKeys;
  readonly messages: MessageStore;
  readonly jobs: JobTraces;
  readonly holders: TraceHolders;
  readonly engine: ErasureEngine;
  readonly telling: RecallTelling;
  readonly audit: AuditChain;
  readonly clock: Clock;
}

/** Who recalls a message, and why. */
export interface RecallCall {
  /** Id of the principal, or the name of a part of the app, for the audit. */
  readonly by: string;
  /** A code of 1 to 64 small letters, digits and hyphens, not prose. */
  readonly reason?: string;
}

const quietly: ReportHolder = () => Promise.resolve();

/**
 * Recalls messages: an erasure of one message that also tells those who had it. Like every erasure it is kept beside the data keys until it is
 * done, so that whoever comes after a crash goes on with it.
 */
export class Recalls {
  constructor(private readonly parts: RecallsParts) {}

  /** @throws InvalidErasureError, AuditUnavailableError; what the stores throw; signal.reason */
  async recall(messageId: string, call: RecallCall, signal: AbortSignal): Promise<RecallReceipt> {
    checkTarget({ kind: 'message', id: messageId });
    const { audit, keys, jobs } = this.parts;
    const hash = await keys.dataKeys.digest(`message:${messageId}`);
    const record = await audit.audited(
      { actor: call.by, action: 'recall', target: { kind: 'message', hash }, reason: call.reason },
      async () => this.goOn(await this.begin(messageId, hash, call, signal), messageId, signal, quietly),
      removedIn,
    );
    return recallReceipt(record, jobs.holds);
  }

  /** Goes on with a recall that was begun. */
  async goOn(
    begun: ErasureRecord,
    messageId: string,
    signal: AbortSignal,
    report: ReportHolder,
  ): Promise<ErasureRecord> {
    const { messages, jobs, keys } = this.parts;
    const { kind, hash, at, receiptId } = begun;
    // From here on no job of the message runs.
    await keys.store.addTombstone({ kind, hash, at, receiptId }, signal);
    keys.dataKeys.forget(hash);
    // Nobody sees it any more, however long the rest takes.
    await messages.hide(messageId, signal);
    await report(jobs.holds);
    const removed = new Tally([[jobs.holds, await jobs.eraseOfMessage(messageId, signal)]]);
    // A run that has ended meanwhile may have stored it.
    const message = await messages.hide(messageId, signal);
    let record = begun;
    if (record.recall === null) {
      const recall = await this.tell(message, record.at, removed.of(jobs.holds) > 0, signal);
      // Before the message goes, which says who had it.
      record = await keys.store.saveErasure({ ...record, recall }, signal);
    }
    return keys.store.saveErasure(
      figuresAfter(record, await this.erase(messageId, removed, signal, report)),
      signal,
    );
  }

  /** From here on it goes on whatever happens. */
  private async begin(
    messageId: string,
    hash: string,
    { by, reason }: RecallCall,
    signal: AbortSignal,
  ): Promise<ErasureRecord> {
    const { keys, engine, clock } = this.parts;
    const { store } = keys;
    const known = await store.findErasure(hash, signal);
    const receiptId = known?.receiptId ?? randomUUID();
    const at = known?.at ?? new Date(clock.now());
    const found = await engine.count([partOf(messageId)], signal);
    return store.saveErasure(
      {
        ...{ receiptId, kind: 'message', hash, targetId: messageId, by: known?.by ?? by, at },
        ...{ reason: known?.reason ?? reason ?? null, state: 'incomplete', held: known?.held ?? [] },
        ...{
          holders: figuresAtStart(known, found),
          keysDestroyed: 0,
          keysDestroyedAt: null,
          recall: known?.recall ?? null,
        },
      },
      signal,
    );
  }

  private async tell(
    message: StoredMessage | null,
    at: Date,
    wasUnderWay: boolean,
    signal: AbortSignal,
  ): Promise<{ hadIt: number; told: number }> {
    if (message === null) return { hadIt: 0, told: 0 };
    return this.parts.telling.tell(message, at, wasUnderWay, signal);
  }

  private async erase(
    messageId: string,
    removed: Tally,
    signal: AbortSignal,
    report: ReportHolder,
  ): Promise<ErasureRun> {
    const { messages, engine, jobs } = this.parts;
    const part = partOf(messageId);
    await engine.eraseMessages(part.messages, removed, signal, report);
    const kept = await messages.hide(messageId, signal);
    if (kept !== null) return this.eraseCopies(kept, part.target, removed, signal);
    await engine.erase([part], removed, signal, report);
    const left = await engine.count([part], signal);
    left.add(jobs.holds, await jobs.countOfMessage(messageId, signal));
    return { removed, left, held: [] };
  }

  /** A legal hold keeps the message, and whatever else belongs to it; not what was only made of it for people to find. */
  private async eraseCopies(
    { messageId, conversationId }: StoredMessage,
    target: TraceTarget,
    removed: Tally,
    signal: AbortSignal,
  ): Promise<ErasureRun> {
    const { holders, jobs } = this.parts;
    const left = new Tally([[jobs.holds, await jobs.countOfMessage(messageId, signal)]]);
    for (const holder of holders.all.filter(isShown)) {
      removed.add(holder.holds, await eraseAll(holder, target, signal));
      left.add(holder.holds, await holder.countTraces(target, signal));
    }
    return { removed, left, held: [{ conversationId, records: 1 }] };
  }
}

function partOf(messageId: string): ErasurePart {
  return { target: { kind: 'messages', messageIds: [messageId] }, messages: { kind: 'message', messageId } };
}

function isShown(holder: TraceHolder): boolean {
  return holder instanceof SearchIndex || holder instanceof NotificationInbox;
}
