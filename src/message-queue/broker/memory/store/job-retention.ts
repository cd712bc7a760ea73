import type { Retention } from '../../rules/retention/retention-rule.js';
import type { MemoryStore } from './memory-store.js';
import type { StoredJob } from './stored-job.js';

/** Drops what is too old or too many in a finished set, oldest first. As Bull does when a job joins the set. */
export function applyRetention(
  store: MemoryStore,
  state: 'completed' | 'failed' | 'expired',
  { count, ageSeconds }: Retention,
  now: number,
): void {
  const list = store[state];
  if (ageSeconds !== null) {
    const oldest = now - ageSeconds * 1000;
    while (list.head !== null && (list.head.history?.finishedOn ?? 0) <= oldest) store.drop(list.head);
  }
  if (count > 0) {
    while (list.head !== null && list.size > count) store.drop(list.head);
  }
}

/** Ends a job that has not started in time. @param tell called while it is still there */
export function expire(store: MemoryStore, job: StoredJob, now: number, tell: () => void): void {
  job.expiresAt = null;
  job.remember().finishedOn = now;
  store.finish(job, 'expired');
  store.everExpired += 1;
  tell();
  if (store.expiredLimit.count === 0) store.drop(job);
  else applyRetention(store, 'expired', store.expiredLimit, now);
}

/** Drops the oldest dead letters that are too many, or too many bytes, but never the last one, nor one for which a key stands still; and counts them. @returns their ids */
export function dropExcess(store: MemoryStore, step: number, now: number): string[] {
  const { failed, failedLimit } = store;
  const dropped: string[] = [];
  for (const letter of failed) {
    if (letter === failed.tail || dropped.length >= step) break;
    if (failed.size <= failedLimit.count && store.failedBytes <= failedLimit.bytes) break;
    if (letter.membership?.parks === true) continue;
    dropped.push(letter.id);
    store.drop(letter);
  }
  if (dropped.length > 0) {
    store.failedDropped += dropped.length;
    store.failedDroppedAt = now;
  }
  return dropped;
}
