import type { Retention } from '../../rules/retention/retention-rule.js';
import type { MemoryStore } from './memory-store.js';

/** Drops what is too old or too many in a finished set, oldest first. As Bull does when a job joins the set. */
export function applyRetention(
  store: MemoryStore,
  state: 'completed' | 'failed',
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

/** Drops the oldest dead letters that are too many, or too many bytes, but never the last one; and counts them. @returns their ids */
export function dropExcess(store: MemoryStore, step: number, now: number): string[] {
  const { failed, failedLimit } = store;
  const dropped: string[] = [];
  while (failed.size > 1 && dropped.length < step && failed.head !== null) {
    if (failed.size <= failedLimit.count && store.failedBytes <= failedLimit.bytes) break;
    dropped.push(failed.head.id);
    store.drop(failed.head);
  }
  if (dropped.length > 0) {
    store.failedDropped += dropped.length;
    store.failedDroppedAt = now;
  }
  return dropped;
}
