import type { JobList } from '../../store/lanes/job-list.js';
import type { QueueEngine } from '../../store/queue-engine.js';
import type { StoredJob } from '../../store/stored-job.js';

/** How many jobs are in a state, by Bull's names (`wait` and `waiting` alike); undefined for a name it does not know. */
export function countOf(engine: QueueEngine, type: string): number | undefined {
  const { store } = engine;
  switch (type) {
    case 'wait':
    case 'waiting':
      return engine.paused ? 0 : engine.waitingCount;
    case 'paused':
      return engine.paused ? engine.waitingCount : 0;
    case 'delayed':
      return store.delayed.size;
    case 'active':
    case 'completed':
    case 'failed':
      return store[type].size;
    default:
      return undefined;
  }
}

/**
 * Jobs of one state by position, as Bull gives them: lists with the next one first when `ascending`, finished ones by
 * when they finished, delayed ones by when they are due; a negative position counts from the end.
 */
export function rangeOf(
  engine: QueueEngine,
  type: string,
  start: number,
  end: number,
  ascending: boolean,
): StoredJob[] {
  const size = countOf(engine, type) ?? 0;
  const from = Math.max(0, start < 0 ? size + start : start);
  const to = Math.min(size - 1, end < 0 ? size + end : end);
  if (from > to) return [];
  if (type === 'delayed') {
    const jobs = engine.store.delayed.inOrder();
    if (!ascending) jobs.reverse();
    return jobs.slice(from, to + 1);
  }
  const lists = listsOf(engine, type);
  return slice(ascending ? lists : [...lists].reverse(), from, to, ascending);
}

/** What groups hold comes behind all lanes. */
function* listsOf({ store, gates }: QueueEngine, type: string): Generator<JobList<StoredJob>> {
  if (type === 'active' || type === 'completed' || type === 'failed') {
    yield store[type];
    return;
  }
  yield* store.waiting.lanes();
  yield* gates.groups.lists();
}

function slice(
  lists: Iterable<JobList<StoredJob>>,
  from: number,
  to: number,
  ascending: boolean,
): StoredJob[] {
  const jobs: StoredJob[] = [];
  let position = 0;
  for (const list of lists) {
    if (position + list.size <= from) {
      position += list.size;
      continue;
    }
    for (const job of ascending ? list : list.reversed()) {
      if (position > to) return jobs;
      if (position >= from) jobs.push(job);
      position += 1;
    }
  }
  return jobs;
}
