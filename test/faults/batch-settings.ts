/** What a process of the batch test is told, passed as JSON. */
export interface BatchHostSettings {
  readonly port: number;
  /** SQLite file that all processes share. */
  readonly databaseUrl: string;
  readonly role: 'producer' | 'worker';
  readonly batchId: string;
  readonly recipients: number;
}

/** What the producer says when its batch was taken. */
export interface BatchTaken {
  /** Jobs that the batch was split into. */
  readonly segments: number;
  readonly milliseconds: number;
  /** Resident memory of the process: with its recipients in hand, and at most while it added them. */
  readonly megabytesBefore: number;
  readonly megabytesPeak: number;
}

/** First part of the keys of the batch test. */
export const BATCH_PREFIX = 'batch-kill';

/** Id of a recipient of the batch test. */
export function recipientId(index: number): string {
  return `recipient-${index}`;
}
