import type { Page, PageRequest } from '../page.js';

/** What is written down when somebody does it. */
export const AuditAction = {
  REVEAL: 'reveal',
  REPLAY: 'replay',
  DISCARD: 'discard',
  EDIT: 'edit',
  PAUSE: 'pause',
  RESUME: 'resume',
  PURGE: 'purge',
  CANCEL: 'cancel',
  SET_SLOTS: 'set-slots',
  HOLD: 'hold',
  RELEASE: 'release',
  SHRED: 'shred',
  ERASE: 'erase',
  RECALL: 'recall',
  LIFT: 'lift',
  REWRAP: 'rewrap',
  SIGN_IN_REFUSED: 'sign-in-refused',
} as const;

/** One of {@link AuditAction}'s values. */
export type AuditAction = (typeof AuditAction)[keyof typeof AuditAction];

/** Whether a value is an action that is written down. */
export function isAuditAction(value: unknown): value is AuditAction {
  return Object.values<unknown>(AuditAction).includes(value);
}

/**
 * Where in its act an entry stands: a destructive call is written down before it begins and when it has ended. `begun` without a `done` or
 * `failed` after it is a call whose process ended, or lost its trail, in between.
 */
export const AuditPhase = { BEGUN: 'begun', DONE: 'done', FAILED: 'failed' } as const;

/** One of {@link AuditPhase}'s values. */
export type AuditPhase = (typeof AuditPhase)[keyof typeof AuditPhase];

/** Whether a value is a phase of an act. */
export function isAuditPhase(value: unknown): value is AuditPhase {
  return Object.values<unknown>(AuditPhase).includes(value);
}

/** What somebody did it to, without its id. */
export interface AuditTarget {
  /** A word such as `conversation`, `subject`, `message`, `job`, `queue`, `group`, `ring` or `principal`. */
  readonly kind: string;
  /** A keyed hash of kind and id. */
  readonly hash: string;
}

/** An entry as it is stored. Every field is covered by `mac`. */
export interface AuditRecord {
  /** From 1, without gaps. */
  readonly seq: number;
  readonly at: Date;
  /** Who did it: the id of a principal, or the name of a part of the app. */
  readonly actor: string;
  readonly action: AuditAction;
  readonly phase: AuditPhase;
  readonly target: AuditTarget;
  readonly queue: string | null;
  readonly jobId: string | null;
  /** How many jobs, keys or records it was. */
  readonly count: number | null;
  /** A code, never prose. */
  readonly reason: string | null;
  /** Which key made the hash and the MAC. */
  readonly keyId: string;
  /** The MAC of the entry before it; empty for the first. */
  readonly previous: string;
  readonly mac: string;
}

/** The end of a trail, kept apart from its entries, so that it tells when the last ones are gone. */
export interface AuditHead {
  /** Of the last entry. */
  readonly seq: number;
  /** Of the last entry. */
  readonly mac: string;
  /** A MAC over the two: nobody without the key can take the head back. */
  readonly seal: string;
}

/** What a trail is: its end, and where it begins. */
export interface AuditExtent {
  /** Null: nothing was ever written. */
  readonly head: AuditHead | null;
  /** The oldest entry that is kept: 1, except where a trail forgets on purpose, as one in memory does. */
  readonly oldestSeq: number;
}

/** Which entries to list. */
export interface AuditQuery extends PageRequest {
  /** Default: all. */
  readonly actions?: readonly AuditAction[];
}

/**
 * Where the audit is kept: entries are only ever added. It stores what it is given; the chain of MACs is made and checked above it, so
 * that no adapter needs to be trusted.
 */
export abstract class AuditTrail {
  /** How far the trail goes. */
  abstract extent(signal?: AbortSignal): Promise<AuditExtent>;

  /**
   * Adds an entry and moves the head to it, in one step.
   * @returns `conflict`, and nothing is stored, unless the last entry so far is that of `record.seq - 1`
   */
  abstract append(record: AuditRecord, seal: string, signal?: AbortSignal): Promise<'appended' | 'conflict'>;

  /** Entries after one, in the order of their numbers. @param limit 1 to 500 */
  abstract after(seq: number, limit: number, signal?: AbortSignal): Promise<readonly AuditRecord[]>;

  /** Entries, the newest first. @throws InvalidCursorError */
  abstract list(query?: AuditQuery, signal?: AbortSignal): Promise<Page<AuditRecord>>;
}
