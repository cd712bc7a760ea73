import { join } from 'node:path';
import { EventsProcess } from '../support/events-process.js';
import type { Shares } from './lanes.js';

const PER_LANE = 1_200;

async function shares(threads: number, concurrency: number): Promise<Shares> {
  const parameters = [PER_LANE, threads, concurrency].map(String);
  await using program = EventsProcess.start(join(__dirname, 'lanes.ts'), parameters);
  return await program.report<Shares>();
}

it('three full lanes get a half, a third and a sixth of what is started, each in its order', async () => {
  const { shares: seen, among, inOrder } = await shares(1, 1);
  expect(inOrder).toEqual([true, true, true]);
  // The critical lane is empty first: after it the others share what is left.
  expect(among).toBeGreaterThanOrEqual(PER_LANE * 1.9);
  [3, 2, 1].forEach((weight, lane) => expect(Math.abs(seen[lane]! / among - weight / 6)).toBeLessThan(0.02));
});

it('a flood of critical events lets low ones through at their weight, with several threads and handlers at once', async () => {
  const { shares: seen, among } = await shares(2, 10);
  [3, 2, 1].forEach((weight, lane) => expect(Math.abs(seen[lane]! / among - weight / 6)).toBeLessThan(0.02));
});
