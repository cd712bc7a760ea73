import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../kernel/time/clock.js';
import type { AuditAction } from '../../ports/privacy/audit-trail.js';
import type { ErasureProgress, ErasureRunner } from '../../ports/privacy/erasure-runner.js';
import type { ErasedKind, ErasureRecord } from '../../ports/privacy/tombstone.js';
import type { AuditChain } from '../audit/audit-chain.js';
import { checkEntry } from '../audit/audit-entry.js';
import type { StoredKeys } from '../keys/app-keys.js';
import type { ErasureEngine, ReportHolder } from './erasure-engine.js';
import { figuresAfter, figuresAtStart, progressOf, removedIn, withKeys } from './erasure-figures.js';
import { legalHoldError } from './erasure-errors.js';
import { checkTarget, planErasure } from './erasure-plan.js';
import type { ErasurePlan, ErasureStores, ErasureTarget } from './erasure-plan.js';
import { erasureReceipt } from './erasure-receipt.js';
import type { ErasureReceipt } from './erasure-receipt.js';
import { erasuresIn } from './pending-erasures.js';
import type { Recalls } from '../recall/recalls.js';
import { Shredding } from '../shredding/shredding.js';
import { Tally } from './tally.js';

/** What an erasure is built from. */
export interface ErasuresParts {
  readonly keys: StoredKeys;
  readonly stores: ErasureStores;
  readonly engine: ErasureEngine;
  readonly recalls: Recalls;
  readonly audit: AuditChain;
  readonly clock: Clock;
  /** How long backups of the data key store are kept, days; undefined: nobody said. */
  readonly keyBackupDays: number | undefined;
}

/** Who asks for an erasure, and why. */
export interface ErasureCall {
  /** Id of the principal, or the name of a part of the app, for the audit. */
  readonly by: string;
  /** A code of 1 to 64 small letters, digits and hyphens, not prose. */
  readonly reason?: string;
  /** Counts what would go, and changes nothing. Default false. */
  readonly dryRun?: boolean;
}

const ACTION = { conversation: 'shred', subject: 'erase', message: 'recall' } as const satisfies Record<
  ErasedKind,
  AuditAction
>;
const quietly: ReportHolder = () => Promise.resolve();

/**
 * Erases conversations and people. Each erasure is kept beside the data keys until it is done, so that whoever comes after a crash goes on
 * with it: the same call again, or the job `erase-traces`.
 */
export class Erasures implements ErasureRunner {
  private readonly shredding: Shredding;

  constructor(private readonly parts: ErasuresParts) {
    this.shredding = new Shredding(parts);
  }

  /** @throws InvalidErasureError, LegalHoldError, AuditUnavailableError; what the stores throw; signal.reason */
  async erase(target: ErasureTarget, call: ErasureCall, signal: AbortSignal): Promise<ErasureReceipt> {
    checkTarget(target);
    const { audit, keys } = this.parts;
    const hash = await keys.dataKeys.digest(`${target.kind}:${target.id}`);
    const plan = await planErasure(target, this.parts.stores, signal);
    if (target.kind === 'conversation' && plan.held.length > 0) throw legalHoldError();
    const entry = {
      actor: call.by,
      action: ACTION[target.kind],
      target: { kind: target.kind, hash },
      reason: call.reason,
    };
    if (call.dryRun === true) {
      checkEntry(entry);
      return this.preview(target, hash, plan, call, signal);
    }
    const record = await audit.audited(
      entry,
      async () => this.carryOut(await this.begin(target, hash, plan, call, signal), plan, signal, quietly),
      removedIn,
    );
    return this.receiptOf(record);
  }

  async resume(
    receiptId: string,
    signal: AbortSignal,
    report: ReportHolder,
  ): Promise<ErasureProgress | null> {
    const record = await this.parts.keys.store.findReceipt(receiptId, signal);
    return record === null ? null : progressOf(await this.goOn(record, signal, report));
  }

  /** Goes on with what a legal hold of a conversation, which was released, has kept. */
  async resumeHeldBy(conversationId: string, signal: AbortSignal): Promise<void> {
    const waiting: ErasureRecord[] = [];
    for await (const record of erasuresIn('held', this.parts.keys.store, signal)) {
      if (record.held.some((held) => held.conversationId === conversationId)) waiting.push(record);
    }
    for (const record of waiting) await this.goOn(record, signal, quietly);
  }

  /** A receipt as it stands now; null when there is none. */
  async receipt(receiptId: string, signal: AbortSignal): Promise<ErasureReceipt | null> {
    const record = await this.parts.keys.store.findReceipt(receiptId, signal);
    return record === null ? null : this.receiptOf(record);
  }

  private async goOn(
    record: ErasureRecord,
    signal: AbortSignal,
    report: ReportHolder,
  ): Promise<ErasureRecord> {
    const { kind, hash, targetId } = record;
    if (targetId === null) return record;
    const entry = {
      ...{ actor: 'app', action: ACTION[kind], target: { kind, hash } },
      reason: record.reason ?? undefined,
    };
    return this.parts.audit.audited(
      entry,
      async () => {
        if (kind === 'message') return this.parts.recalls.goOn(record, targetId, signal, report);
        const begun = kind === 'conversation' ? await this.shredding.goOn(record, targetId, signal) : record;
        const plan = await planErasure({ kind, id: targetId }, this.parts.stores, signal);
        return this.carryOut(begun, plan, signal, report);
      },
      removedIn,
    );
  }

  private async preview(
    { kind, id: targetId }: ErasureTarget,
    hash: string,
    { parts, held }: ErasurePlan,
    { by, reason }: ErasureCall,
    signal: AbortSignal,
  ): Promise<ErasureReceipt> {
    const left = await this.parts.engine.count(parts, signal);
    const record: ErasureRecord = {
      ...{ receiptId: randomUUID(), kind, hash, targetId, by, reason: reason ?? null, at: this.now() },
      ...{ state: 'incomplete', holders: figuresAtStart(null, left), held, recall: null },
      ...withKeys(null, 0, this.now()),
    };
    const asItStands = figuresAfter(record, { removed: new Tally(), left, held });
    return { ...this.receiptOf(asItStands), dryRun: true };
  }

  /** From here on it goes on whatever happens. */
  private async begin(
    { kind, id }: ErasureTarget,
    hash: string,
    plan: ErasurePlan,
    { by, reason }: ErasureCall,
    signal: AbortSignal,
  ): Promise<ErasureRecord> {
    const { store } = this.parts.keys;
    const known = await store.findErasure(hash, signal);
    const receiptId = known?.receiptId ?? randomUUID();
    const found = await this.parts.engine.count(plan.parts, signal);
    const at = this.now();
    const begun = await store.saveErasure(
      {
        ...{ receiptId, kind, hash, targetId: id, by: known?.by ?? by },
        reason: known?.reason ?? reason ?? null,
        ...{ at: known?.at ?? at, state: 'incomplete', held: plan.held, recall: null },
        ...withKeys(known, 0, at),
        holders: figuresAtStart(known, found),
      },
      signal,
    );
    if (kind === 'subject') return begun;
    const shredded = await this.shredding.begin(begun, id, at, signal);
    if (shredded !== null) return shredded;
    // What a legal hold forbids is not kept, or its end would carry it out.
    if (known === null) await store.withdrawErasure(receiptId, signal);
    else await store.saveErasure(known, signal);
    throw legalHoldError();
  }

  private async carryOut(
    begun: ErasureRecord,
    plan: ErasurePlan,
    signal: AbortSignal,
    report: ReportHolder,
  ): Promise<ErasureRecord> {
    const { engine, stores, keys } = this.parts;
    const target = { kind: begun.kind, id: begun.targetId } as ErasureTarget;
    // From here on no job of the person runs.
    if (target.kind === 'subject') {
      const { kind, hash, receiptId } = begun;
      await keys.store.addTombstone({ kind, hash, at: this.now(), receiptId }, signal);
    }
    let destroyed = 0;
    for (const conversationId of plan.alone) {
      destroyed += await this.shredding.alone(conversationId, begun, signal);
    }
    const record = { ...begun, ...withKeys(begun, destroyed, this.now()) };
    if (destroyed > 0) await keys.store.saveErasure(record, signal);
    const removed = new Tally();
    const isMarked = await this.hide(target, plan, signal);
    await engine.erase(plan.parts, removed, signal, report);
    // The mark that hid it was no trace of it.
    const marks = stores.conversations.holds;
    if (isMarked && removed.of(marks) > 0) removed.add(marks, -1);
    // What a hold that has ended meanwhile kept is left, and what one keeps that was set meanwhile is held.
    const { parts, held } = await planErasure(target, stores, signal, plan.alone);
    const left = await engine.count(parts, signal);
    return keys.store.saveErasure(figuresAfter(record, { removed, left, held }), signal);
  }

  /** Nobody sees a conversation any more, however long the rest takes. @returns whether it has its first mark by that */
  private async hide({ kind, id }: ErasureTarget, plan: ErasurePlan, signal: AbortSignal): Promise<boolean> {
    if (kind !== 'conversation' || plan.parts.length === 0) return false;
    const { conversations } = this.parts.stores;
    const isFirst = (await conversations.find(id, signal)) === null;
    await conversations.markDeleted(id, this.now(), signal);
    return isFirst;
  }

  private receiptOf(record: ErasureRecord): ErasureReceipt {
    return erasureReceipt(record, this.parts.keyBackupDays);
  }

  private now(): Date {
    return new Date(this.parts.clock.now());
  }
}
