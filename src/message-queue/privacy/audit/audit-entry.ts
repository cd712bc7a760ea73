import { Issues } from '../../../kernel/values/issues.js';
import { isWellFormed } from '../../../kernel/values/well-formed.js';
import { isAuditAction } from '../../ports/privacy/audit-trail.js';
import type { AuditAction, AuditPhase, AuditRecord, AuditTarget } from '../../ports/privacy/audit-trail.js';
import { InvalidAuditEntryError } from './audit-errors.js';

/** What is written down. */
export interface AuditEntry {
  /** Default: now. */
  readonly at?: Date;
  /** Who: the id of a principal, or the name of a part of the app; 1 to 256 characters. */
  readonly actor: string;
  readonly action: AuditAction;
  /** See `AuditChain.target`: no id stands in the audit in the clear. */
  readonly target: AuditTarget;
  readonly queue?: string;
  readonly jobId?: string;
  /** How many jobs, keys or records. */
  readonly count?: number;
  /** A code of 1 to 64 small letters, digits and hyphens, such as `ticket-4711`: prose would become content. */
  readonly reason?: string;
}

/** Where an entry stands in the chain. */
export interface AuditPlace {
  readonly seq: number;
  readonly phase: AuditPhase;
  readonly keyId: string;
  readonly previous: string;
}

const REASON = /^[a-z0-9-]{1,64}$/;
const KIND = /^[a-z][a-z-]{0,31}$/;
const HASH = /^[\w-]{16,128}$/;
const PRINTED = /^[^\p{Cc}]{1,256}$/u;

/** @throws InvalidAuditEntryError listing every field that is wrong */
export function checkEntry(entry: AuditEntry): void {
  const { at, actor, action, target, queue, jobId, count, reason } = entry;
  const issues = new Issues();
  issues.unless(
    fitsEntry(actor),
    'actor',
    'must say who it is (`by` of a call), in 1 to 256 characters without control characters',
  );
  issues.unless(isAuditAction(action), 'action', 'must be one of the actions of AuditAction');
  issues.unless(
    KIND.test(target.kind),
    'target.kind',
    'must be a word of at most 32 small letters and hyphens',
  );
  issues.unless(HASH.test(target.hash), 'target.hash', 'must be the hash that AuditChain.target gives');
  issues.unless(queue === undefined || fitsEntry(queue), 'queue', 'must be the name of a queue');
  issues.unless(jobId === undefined || fitsEntry(jobId), 'jobId', 'must be the id of a job');
  const isCount = count === undefined || (Number.isSafeInteger(count) && count >= 0);
  issues.unless(isCount, 'count', 'must be a whole number from 0');
  const isReason = reason === undefined || (typeof reason === 'string' && REASON.test(reason));
  issues.unless(isReason, 'reason', 'must be a code of 1 to 64 small letters, digits and hyphens, not prose');
  issues.unless(at === undefined || !Number.isNaN(at.getTime()), 'at', 'must be a valid date');
  issues.throwIfAny(InvalidAuditEntryError, 'Nothing was done, because it cannot be written to the audit:');
}

/** The entry as it is stored, but for its MAC. */
export function recordOf(entry: AuditEntry, at: Date, place: AuditPlace): Omit<AuditRecord, 'mac'> {
  const { actor, action, target, queue = null, jobId = null, count = null, reason = null } = entry;
  const { seq, phase, keyId, previous } = place;
  return { seq, at, actor, action, phase, target, queue, jobId, count, reason, keyId, previous };
}

/** Whether a text can stand in an entry: 1 to 256 characters of one line. */
export function fitsEntry(text: unknown): text is string {
  return typeof text === 'string' && PRINTED.test(text) && isWellFormed(text);
}
