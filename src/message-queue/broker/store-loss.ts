/**
 * Why jobs are gone that Redis had acknowledged. `emptied`: all keys were deleted while it ran · `came-back-empty`: it, or another server
 * under its name, answers without what was there · `older`: it answers with what was there some time ago, such as a replica that had
 * fallen behind · `another`: it answers with the jobs of another store.
 */
export type StoreLossKind = 'emptied' | 'came-back-empty' | 'older' | 'another';

/** Jobs that were lost by the broker's server, not by this library. */
export interface StoreLoss {
  readonly kind: StoreLossKind;
  /** When a process of the fleet noticed, milliseconds since the epoch. */
  readonly at: number;
}

/** How long health speaks of a loss that nobody acknowledges, milliseconds: an hour. */
export const LOSS_SHOWN_MS = 60 * 60_000;

const WHAT: Readonly<Record<StoreLossKind, string>> = {
  emptied: 'Redis was emptied while it ran (FLUSHALL or FLUSHDB, or the keys of the prefix were deleted).',
  'came-back-empty':
    'Redis came back without what it held: it restarted without its files, or another, empty server answers under its name.',
  older:
    'Redis answers with an older state than this fleet has seen: a replica that had fallen behind was promoted, or a backup was restored.',
  another: "Redis' place was taken by another store: the jobs there are not those of this fleet.",
};

const REST: Readonly<Record<StoreLossKind, string>> = {
  emptied:
    'All jobs, dead letters and idempotency keys are gone: what is added again with an earlier key is a new job.',
  'came-back-empty':
    'All jobs, dead letters and idempotency keys are gone: what is added again with an earlier key is a new job.',
  older: 'What was added since is gone, with its idempotency keys, and jobs that ended since may run again.',
  another: 'Jobs, dead letters and idempotency keys of this fleet are not there.',
};

/**
 * What happened, what it means and what to do.
 * @param keys which, if it is not all that Redis had
 */
export function lossMessage({ kind, at }: StoreLoss, keys?: string): string {
  const where = keys === undefined ? '' : ` This is said of the keys ${keys}.`;
  return (
    `${WHAT[kind]}${where} It was noticed at ${new Date(at).toISOString()}. ${REST[kind]} Declared schedules are back; add again what your own records say ` +
    'is missing, find out why, then call QueueMonitor.acknowledgeLoss(). Without it, health speaks of this for an hour.'
  );
}
