import type { Queue } from 'bull';
import { defineLaneCommands } from './lane-commands.js';

/** What is sorted in faster than this is not worth a word. */
const QUIET_MS = 1_000;

/**
 * Sorts jobs that plain Bull or a version before lanes put into Bull's list into their lanes, 1 000 per call, until none is
 * left. Whatever adds or takes jobs does the same meanwhile, and afterwards with what an old process still adds.
 * @param tell gets a line about each second of work
 * @param isStopped ends it early
 * @throws what Redis answers
 */
export async function sortStoreIn(
  queue: Queue<object>,
  tell: (message: string) => void,
  isStopped: () => boolean,
): Promise<void> {
  const base = queue.toKey('');
  const lanes = defineLaneCommands(queue.client);
  let told = performance.now();
  for (;;) {
    const left = Number(await lanes.mqSortIn(base));
    if (left === 0 || isStopped()) return;
    if (performance.now() - told < QUIET_MS) continue;
    told = performance.now();
    tell(
      `Queue "${queue.name}": sorting waiting jobs into lanes, ${left} left; its worker starts afterwards.`,
    );
  }
}
