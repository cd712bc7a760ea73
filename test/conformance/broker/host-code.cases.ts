import type { Queue } from 'bull';
import { LISTENER_FAILED } from '../../../src/message-queue/broker/rules/events/local-events.js';
import { waitUntil } from '../../support/wait-until.js';
import { completed, failed } from './broker-bench.js';
import type { BrokerCase } from './broker-bench.js';

const EVENTS = ['active', 'completed', 'failed', 'drained', 'enqueued', 'global:completed', 'global:failed'];

/** Listens to an event with code that fails in every way. */
function listenBadly(queue: Queue, event: string): void {
  queue.on(event, () => {
    throw new Error(`${event} at once`);
  });
  queue.on(event, () => Promise.reject(new Error(`${event} later`)) as never);
  queue.once(event, () => Promise.reject(new Error(`${event} once`)) as never);
}

/** Rejections that nobody hears, which would end the process. */
async function unheard(check: () => Promise<void>): Promise<unknown[]> {
  const rejections: unknown[] = [];
  const note = (error: unknown): void => void rejections.push(error);
  process.on('unhandledRejection', note);
  try {
    await check();
    await new Promise(setImmediate);
  } finally {
    process.off('unhandledRejection', note);
  }
  return rejections;
}

/** Listeners of hosts that fail: a job's fate is not theirs, nor the process'. */
export const hostCodeCases: readonly BrokerCase[] = [
  [
    'listeners that throw or reject change nothing, and are told of',
    async (bench) => {
      const queue = bench.open();
      const told = new Set<string>();
      const errors: string[] = [];
      queue.on(LISTENER_FAILED, (event: string, { message }: Error) => void told.add(`${event}: ${message}`));
      queue.on('error', ({ message }) => void errors.push(message));
      for (const event of EVENTS) listenBadly(queue, event);
      const rejections = await unheard(async () => {
        const [good, bad] = [await bench.add(queue), await bench.add(queue, { name: 'other' })];
        await bench.work(queue, (taken) => (taken.job.name === 'job' ? completed() : failed(taken)));
        await bench.untilState(queue, good, 'completed');
        await bench.untilState(queue, bad, 'failed');
        await waitUntil(() => told.size === 3 * EVENTS.length, 'all failures to be told');
      });
      expect(rejections).toEqual([]);
      expect(told).toContain('global:completed: global:completed later');
      expect(errors).toContain('completed once');
    },
  ],
  [
    'listeners of errors may fail as well',
    async (bench) => {
      const queue = bench.open();
      listenBadly(queue, 'error');
      listenBadly(queue, LISTENER_FAILED);
      listenBadly(queue, 'completed');
      const rejections = await unheard(async () => {
        const id = await bench.add(queue);
        await bench.work(queue);
        await bench.untilState(queue, id, 'completed');
      });
      expect(rejections).toEqual([]);
      queue.removeAllListeners('error');
      expect(queue.emit('error', new Error('heard by nobody'))).toBe(false);
    },
  ],
];
