import { join } from 'node:path';
import { EventsProcess } from '../support/events-process.js';
import type { WakeUps } from './wake-ups.js';

const TIMES = 10_000;
/** What is promised, milliseconds. Above it only as long as the machine kept other threads waiting at the same time. */
const MOST_MS = 50;

it(`an idle bus wakes up for each of ${TIMES} events`, async () => {
  await using program = EventsProcess.start(join(__dirname, 'wake-ups.ts'), [String(TIMES)]);
  const { handled, worst, stalled } = await program.report<WakeUps>();
  expect({ handled, stalled }).toEqual({ handled: TIMES, stalled: false });
  expect(worst).toBeLessThanOrEqual(MOST_MS);
});
