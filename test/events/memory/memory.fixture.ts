import { join } from 'node:path';
import { EventsProcess } from '../support/events-process.js';
import type { Memory } from './memory.js';

/**
 * Of the short run about five bytes for each event: what each keeps is seen. What the judge keeps is a minute of samples, however many events
 * there were, and the engine itself moves some of its own about: 257 kB over two million.
 */
const MOST_KB = 512;

/** @throws when anything but the configured memory grows over so many events */
export async function expectNothingGrows(events: number, deadlineMs?: number): Promise<void> {
  await using program = EventsProcess.start(join(__dirname, 'memory.ts'), [String(events)], {
    options: ['--expose-gc'],
    deadlineMs,
  });
  const { emitted, ...grown } = await program.report<Memory>();
  expect(emitted).toBeGreaterThanOrEqual(events);
  expect(Object.entries(grown).filter(([, kb]) => kb > MOST_KB)).toEqual([]);
}
