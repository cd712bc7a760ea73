import type { Settlement } from '../../../src/message-queue/jobs/settlement.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import type { BrokerCase } from './broker-bench.js';
import { completed, failed } from './broker-bench.js';

function waits({ waitsSince = Date.now() }: TakenJob, delayMs: number): Settlement {
  return { kind: 'deferred', delayMs, reason: 'it is busy', since: waitsSince };
}

/** Jobs that wait for somebody outside. */
export const outsideCases: readonly BrokerCase[] = [
  [
    'remembers since when a job waits: every later run hears it, whatever came in between, and no attempt is spent',
    async (bench) => {
      const queue = bench.open();
      const heard: (number | undefined)[] = [];
      await bench.work(queue, (taken) => {
        heard.push(taken.waitsSince);
        if (heard.length === 3) return failed(taken, 0);
        if (heard.length === 4) return { kind: 'deferred', delayMs: 1, reason: 'another time' };
        return heard.length < 6 ? waits(taken, 20) : completed(taken.job.attemptsMade);
      });
      const before = Date.now();
      const id = await bench.add(queue);
      await bench.untilState(queue, id, 'completed');
      const since = heard[1] ?? 0;
      expect(heard).toEqual([undefined, since, since, since, since, since]);
      expect(since).toBeGreaterThanOrEqual(before - 1);
      expect((await queue.getJob(id))?.returnvalue).toBe(1);
    },
  ],
  [
    'says nothing of it to other jobs, nor to one that waits for something else',
    async (bench) => {
      const queue = bench.open();
      const heard: (number | undefined)[] = [];
      await bench.work(queue, (taken) => {
        heard.push(taken.waitsSince);
        if (heard.length > 1) return completed();
        return { kind: 'deferred', delayMs: 1, reason: 'another time' };
      });
      await bench.untilState(queue, await bench.add(queue), 'completed');
      await bench.untilState(queue, await bench.add(queue), 'completed');
      expect(heard).toEqual([undefined, undefined, undefined]);
    },
  ],
];
