import { join } from 'node:path';
import { EventsProcess } from '../support/events-process.js';
import type { Shutdown } from './shutdown.js';

async function shutDown(how: 'drains' | 'hurries'): Promise<Shutdown> {
  await using program = EventsProcess.start(join(__dirname, 'shutdown.ts'), [how]);
  // That the program ends by itself is what a report stands for.
  return await program.report<Shutdown>();
}

it('a shutdown under load drains what there is; emits are refused meanwhile, no thread is left, and the process ends', async () => {
  const seen = await shutDown('drains');
  expect(seen).toMatchObject({ handled: seen.emitted, missing: [], leftovers: 0, threadsLeft: 0 });
  expect(seen.refused).toEqual(['EventBusClosedError']);
});

it('a shutdown that runs out of time hands what is left to the host, once', async () => {
  const seen = await shutDown('hurries');
  expect(seen).toMatchObject({ missing: [], calls: 1, threadsLeft: 0 });
  expect(seen.leftovers).toBeGreaterThan(0);
  // One that was under way when its thread was ended may be both.
  expect(seen.handled + seen.leftovers - seen.both).toBe(seen.emitted);
});
