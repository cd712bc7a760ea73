import { join } from 'node:path';
import { EventsProcess } from '../support/events-process.js';
import type { Memory } from './memory.js';

/** Less than two bytes for each event of the short run: what each keeps is seen, what the engine itself moves about is not. */
const MOST_KB = 200;

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
