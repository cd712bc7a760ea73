import { mustBe, shown } from '../../../kernel/values/words.js';
import { MOST_THREADS } from '../../buffer/buffer-words.js';

/** @throws TypeError unless there can be so many threads */
export function checkThreadCount(count: unknown): void {
  if (Number.isInteger(count) && (count as number) >= 0 && (count as number) <= MOST_THREADS) return;
  const wrong = mustBe(`a whole number from 0 to ${MOST_THREADS}`, shown(count));
  throw new TypeError(`scaleWorkers(count): count ${wrong}.`);
}
