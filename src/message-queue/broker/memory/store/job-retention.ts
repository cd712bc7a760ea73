import type { Retention } from '../../rules/retention-rule.js';
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
