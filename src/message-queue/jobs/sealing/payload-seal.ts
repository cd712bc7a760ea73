import type { QueueDefinition } from '../queue-definition.js';
import type { KeyedLedger } from './keyed-ledger.js';
import type { StoredSeal } from './stored-texts.js';

/** The one field of a stored payload, result or progress that holds its sealed part. Reserved: nobody else may use it. */
export const SEALED_FIELD = 'mq:sealed';

/** What of a job is sealed beside its payload, each under a seal that opens nowhere else. */
export type SealedSlot = 'result' | 'progress' | 'failure';

/** A payload in its two parts, each the JSON text of an object. */
export interface PayloadParts {
  /** What stays readable. */
  readonly readable: string;
  /** What is sealed. */
  readonly hidden: string;
  /** Whose data key seals it, such as `conversation:c-42` or `queue:message-delivery`. */
  readonly scope: string;
  /** UTF-8 bytes that the whole payload would have, unsealed. */
  readonly bytes: number;
}

/** Which job a seal is about. */
export interface SealedJob {
  readonly job: string;
  readonly jobId: string;
}

/** A stored payload that was opened. */
export interface OpenedPayload {
  readonly data: unknown;
  /** Seals what the run leaves behind; undefined where nothing is to be sealed. */
  readonly sealer?: RunSealer;
}

/** What a run left, opened: what its JSON says; `shredded` when its key was destroyed. */
export type OpenedSlot = { readonly value: unknown } | 'shredded';

/** Seals what one run leaves behind, with the key of its payload. */
export interface RunSealer {
  /** @param json the text to hide @returns base64url */
  seal(slot: SealedSlot, json: string): string;
}

/**
 * Keeps the payloads of one queue unreadable where they are stored. Admission calls it last, the executor before it
 * validates; brokers never do. What needs no waiting is answered at once: a promise costs as much as the cipher.
 */
export interface PayloadSeal {
  /** Whether adds of this queue are sealed. */
  readonly isOn: boolean;

  /** For health. */
  status(): SealStatus;

  /** Whose key a payload of a job is sealed with, in one word: `conversation`, `tenant` or `queue`. */
  scopeKind(job: string, data: object): string;

  /** Splits a payload that JSON keeps. */
  split(job: string, payload: object): PayloadParts;

  /** The stored JSON text; undefined while the key is not at hand. */
  sealNow(job: string, parts: PayloadParts): string | undefined;

  /** @throws KeyUnavailableError, ScopeShreddedError */
  seal(job: string, parts: PayloadParts): Promise<string>;

  /**
   * Opens a stored payload; one that was stored unsealed comes back as it is, if the host allows that.
   * @returns `shredded` when its key was destroyed
   * @throws SealBrokenError, UnsealedJobError, KeyUnavailableError; at once or as a rejection
   */
  open(job: SealedJob, data: unknown): OpenedPayload | 'shredded' | Promise<OpenedPayload | 'shredded'>;

  /**
   * Asks whether what a job is about was erased or recalled, by the readable fields that identify it.
   * @returns undefined where nothing can be erased, or the job identifies nothing
   * @throws ErasedError, KeyUnavailableError; as a rejection
   */
  refuseErased(job: SealedJob, data: unknown): Promise<void> | undefined;

  /** Looks after what is stored already. */
  readonly stored: StoredSeal;

  /**
   * Opens what a run left beside its payload.
   * @param text as `RunSealer.seal` made it
   * @throws SealBrokenError, KeyUnavailableError
   */
  openSlot(job: SealedJob, slot: SealedSlot, text: unknown): Promise<OpenedSlot>;

  /** A keyed hash of a text, the same in every process: tells whether two sealed texts say the same. */
  digest(text: string): Promise<string>;
}

/** How the sealing of one queue stands in this process. */
export interface SealStatus {
  /** Jobs of a sealed queue that were stored in plain text and ran here since the start. */
  readonly unsealedJobs: number;
  /** Keys that jobs wait for, and how many jobs were seen waiting in the last half minute. */
  readonly missingKeys: readonly { readonly keyId: string; readonly jobs: number }[];
  /** How long sealed payloads have only been opened here, milliseconds; null where adds are sealed, or meant to stay plain. */
  readonly openOnlyMs: number | null;
}

/** A queue's definition with what keeps its content unreadable where it is stored. */
export interface SealableQueue extends QueueDefinition {
  readonly seal?: PayloadSeal;
  /** Where idempotency keys and payloads are known by keyed hashes: in queues that are sealed, and those on their way to it. */
  readonly ledger?: KeyedLedger;
}

/** Whether a stored payload, result or progress is sealed: by its one reserved field, never by the look of a text. */
export function isSealed(data: unknown): data is Readonly<Record<typeof SEALED_FIELD, unknown>> {
  return typeof data === 'object' && data !== null && Object.hasOwn(data, SEALED_FIELD);
}
