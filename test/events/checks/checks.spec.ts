import { join } from 'node:path';
import { EventsProcess } from '../support/events-process.js';

/** The design's checks by their numbers, each with an app in a process of its own, which has to end by itself. */
async function check<T extends object>(name: string): Promise<T & { threadsLeft: number }> {
  await using program = EventsProcess.start(join(__dirname, 'checks.ts'), [name]);
  const seen = await program.report<T & { threadsLeft: number }>();
  expect(seen.threadsLeft).toBe(0);
  return seen;
}

it('2: the production size of the seed starts, takes 45 000 events and 5 000 critical ones in its 50 MB, and no more', async () => {
  const full = { code: 'EVENT_BUFFER_FULL', reason: 'events' };
  const seen = await check<{ memoryUsage: number }>('production-size');
  expect(seen).toMatchObject({
    normal: full,
    critical: full,
    size: 50_000,
    utilization: 1,
    status: 'unhealthy',
  });
  expect(seen.memoryUsage).toBeLessThan(1);
});

it('4: a poison event among 200 is the only dead letter, after three deaths of its own', async () => {
  expect(await check('poison')).toMatchObject({
    missing: [],
    dead: [{ isPoison: true, crashes: 3, name: 'WorkerCrashedError' }],
    // The three while it ran alone, and the first one, which it shared with others.
    deaths: 4,
  });
});

it('5: an endless loop costs its thread within handlerTimeoutMs and 2 s, and the rest is handled', async () => {
  const seen = await check<{ tookMs: number; mostMs: number }>('endless-loop');
  expect(seen).toMatchObject({ missing: [], dead: ['loop'] });
  expect(seen.tookMs).toBeLessThan(seen.mostMs);
});

it('6: a module that does not boot stops the start with its own message, after the first thread', async () => {
  expect(await check('broken-module')).toMatchObject({
    problem: { code: 'EVENT_THREAD_START', message: expect.stringContaining('no database there') },
    started: 1,
  });
});

it('7: where all threads die for good, the app handles on, outside of every request, says so, and gives it back', async () => {
  expect(await check('all-dead')).toMatchObject({
    ...{ requests: ['undefined'], status: 'degraded', activeWorkers: 0, back: 0 },
  });
});
