import type { FaultJobDto, OrderedName } from './fault-queue.js';

/**
 * How a job is added. `keyed`: under an idempotency key, and `id`: under an id of the host's; both twice at the same time, as by a
 * client whose impatient request reached two instances, and once more when the outcome is unknown. The others are added once, and
 * nobody can add them again: as they come, later than now, and in another lane.
 */
export type AddMode = 'keyed' | 'plain' | 'id' | 'delayed' | 'urgent';

/** What the producers are told to add. */
export interface AddOrder {
  readonly kind: 'add';
  readonly number: number;
  readonly name: OrderedName;
  readonly data: FaultJobDto;
  readonly mode: AddMode;
}

/** What one call was told. `refused`: certainly not added; `unknown`: perhaps; `untyped`: an error that is not the module's. */
export interface AddCall {
  readonly outcome: 'acknowledged' | 'refused' | 'unknown' | 'untyped';
  /** The id that it was told, or the error's message. */
  readonly told: string;
  /** How long it took, milliseconds. */
  readonly ms: number;
}

/** What came of an order. */
export interface AddReport {
  readonly number: number;
  readonly calls: readonly AddCall[];
}
