import type { KeepJobsOptions } from 'bull';
import type { MemoryStore } from './memory-store.js';

/** What `removeOnComplete` and `removeOnFail` mean: keep at most `count`, none older than `age` seconds. */
export function retentionRule(
  remove: boolean | number | KeepJobsOptions | null | undefined,
): KeepJobsOptions {
  if (typeof remove === 'object' && remove !== null) return remove;
  if (typeof remove === 'number') return { count: remove };
  return { count: remove === true ? 0 : -1 };
}

/** Drops what is too old or too many in a finished set, oldest first. As Bull does when a job joins the set. */
export function applyRetention(
  store: MemoryStore,
  state: 'completed' | 'failed',
  rule: KeepJobsOptions,
  now: number,
): void {
  const list = store[state];
  if (rule.age !== undefined) {
    const oldest = now - rule.age * 1000;
    while (list.head !== null && (list.head.history?.finishedOn ?? 0) <= oldest) store.drop(list.head);
  }
  if (rule.count !== undefined && rule.count > 0) {
    while (list.head !== null && list.size > rule.count) store.drop(list.head);
  }
}
