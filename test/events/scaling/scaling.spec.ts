import { join } from 'node:path';
import { EventsProcess } from '../support/events-process.js';
import type { Scalings } from './scaling.js';

it('1 → 8 → 2 → 0 → 4 threads under load: nothing is lost or doubled, no leaving counts as a crash, the figures are right', async () => {
  await using program = EventsProcess.start(join(__dirname, 'scaling.ts'));
  const seen = await program.report<Scalings>();
  expect(seen.steps).toEqual([1, 8, 2, 0, 4].map((asked) => ({ asked, total: asked, alive: asked })));
  expect(seen).toMatchObject({
    missing: [],
    twice: 0,
    deadLetters: 0,
    crashes: 0,
    restarts: 0,
    threadsLeft: 0,
  });
  expect(seen.processed).toBe(seen.emitted);
  expect(seen.emitted).toBeGreaterThanOrEqual(2_000);
});
