import type { StoredEvent } from '../buffer/buffer-words.js';
import { LazySignal } from './lazy-signal.js';
import { Runs } from './runs.js';

function begin(runs: Runs, sequence: number) {
  return runs.begin({ sequence } as StoredEvent, new LazySignal(() => undefined), sequence);
}

const numbersOf = (runs: Runs) =>
  runs
    .now()
    .map(({ event }) => event.sequence)
    .sort();

it('holds what has begun and not ended, whichever ends first, and ends each once', () => {
  const runs = new Runs();
  const first = begin(runs, 1);
  const second = begin(runs, 2);
  const third = begin(runs, 3);
  const fourth = begin(runs, 4);
  expect(runs.end(second)).toBe(true);
  expect(runs.end(second)).toBe(false);
  expect(numbersOf(runs)).toEqual([1, 3, 4]);
  expect([runs.end(fourth), runs.end(first)]).toEqual([true, true]);
  begin(runs, 5);
  expect(numbersOf(runs)).toEqual([3, 5]);
  expect([runs.end(third), runs.end(first), runs.size]).toEqual([true, false, 1]);
});

it('may end runs while they are gone through', () => {
  const runs = new Runs();
  for (const sequence of [1, 2, 3]) begin(runs, sequence);
  for (const run of runs.now()) runs.end(run);
  expect(runs.size).toBe(0);
});
