import type { ManagedQueues } from '../../broker/managed-queues.js';
import { headOf } from '../dead-letter.js';
import type { LetterHead } from '../dead-letter.js';
import type { ReadyFilter } from '../dead-letter-filter.js';
import { FailedSet } from '../failed-set.js';
import { FailedSetReader } from '../failed-set-reader.js';
import { groupKey, traitsOf } from './group-key.js';
import type { GroupTraits } from './group-key.js';

/** Dead letters of the same queue, job, error code and text, but for numbers, ids, quotes and addresses. */
export interface LetterGroup {
  /** Opaque; a filter takes it as `group`. */
  readonly key: string;
  readonly queue: string;
  readonly job: string;
  /** Name or code of the error. */
  readonly error: string;
  /** The text with `…` in place of what differs, at most 200 characters. */
  readonly text: string;
  /** How many of those that were read. */
  readonly letters: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Groups, the largest first, and what they were made from. */
export interface LetterGroups {
  /** At most 200. */
  readonly groups: readonly LetterGroup[];
  /** Letters that were read, the newest of each queue. */
  readonly looked: number;
  /** Letters that there are in the queues that were asked for. */
  readonly of: number;
}

/** Letters of a queue that are read: the newest ones. */
const MOST_READ = 10_000;
const CHUNK = 1_000;
const MOST_SHOWN = 200;

interface Group {
  readonly traits: GroupTraits;
  letters: number;
  firstAt: number;
  lastAt: number;
}

/** Puts the newest 10 000 letters of each queue into groups. */
export async function readGroups(queues: ManagedQueues, filter: ReadyFilter): Promise<LetterGroups> {
  const found = await Promise.all(filter.queues.map((name) => groupsOf(queues, name, filter)));
  const groups = found.flatMap((one) => one.groups).sort((a, b) => b.letters - a.letters);
  return {
    groups: groups.slice(0, MOST_SHOWN).map(({ traits, letters, firstAt, lastAt }) => ({
      ...{ key: groupKey(traits), ...traits, letters },
      ...{ firstAt: new Date(firstAt), lastAt: new Date(lastAt) },
    })),
    looked: found.reduce((sum, one) => sum + one.looked, 0),
    of: found.reduce((sum, one) => sum + one.of, 0),
  };
}

async function groupsOf(
  queues: ManagedQueues,
  name: string,
  filter: ReadyFilter,
): Promise<{ readonly groups: Group[]; readonly looked: number; readonly of: number }> {
  const managed = queues.get(name);
  const { from, to, needsPayload: payloads } = filter;
  const of = await new FailedSet(managed, 'newest').size();
  const groups = new Map<string, Group>();
  if (of === 0) return { groups: [], looked: 0, of };
  const reader = new FailedSetReader(managed, { order: 'newest', payloads, from, to, chunkSize: CHUNK });
  let looked = 0;
  while (looked < MOST_READ) {
    const jobs = await reader.next();
    if (jobs === null) break;
    looked += jobs.length;
    for (const job of jobs) {
      const letter = headOf(job, name);
      if (filter.matches(letter, job.data)) count(groups, letter);
    }
  }
  const largest = [...groups.values()].sort((a, b) => b.letters - a.letters).slice(0, MOST_SHOWN);
  return { groups: largest, looked, of };
}

function count(groups: Map<string, Group>, letter: LetterHead): void {
  const traits = traitsOf(letter);
  const { lastFailedAt: at } = letter;
  const name = [traits.job, traits.error, traits.text].join('\n');
  const group = groups.get(name);
  if (group === undefined) {
    groups.set(name, { traits, letters: 1, firstAt: at, lastAt: at });
    return;
  }
  group.letters += 1;
  group.firstAt = Math.min(group.firstAt, at);
  group.lastAt = Math.max(group.lastAt, at);
}
