import { waitUntil } from '../../support/wait-until.js';
import type { QueueBench, QueueCase } from './queue-bench.js';
import { heardAtLeast } from './queue-bench.js';

const LOCAL = ['active', 'progress', 'completed', 'failed', 'drained', 'removed', 'error'];
const SENT = ['global:waiting', 'global:active', 'global:progress', 'global:completed', 'global:failed'];

/** Local and sent events of one scenario: each kind keeps its order, between the two Redis promises none. */
async function eventsOf(
  bench: QueueBench,
  expected: { local: string[]; sent: string[] },
  scenario: (queue: ReturnType<QueueBench['open']>) => Promise<unknown>,
): Promise<void> {
  const queue = bench.open();
  const local = await bench.record(queue, ...LOCAL);
  const sent = await bench.record(queue, ...SENT);
  await scenario(queue);
  await heardAtLeast(local, expected.local.length);
  await heardAtLeast(sent, expected.sent.length);
  expect({ local, sent }).toEqual(expected);
}

/** Events, their arguments and their order. */
export const eventCases: readonly QueueCase[] = [
  [
    'of a job that succeeds',
    async (bench) => {
      await eventsOf(
        bench,
        {
          local: ['active job#1 promise "waiting"', 'completed job#1 {"ok":true} "active"', 'drained'],
          sent: [
            'global:waiting "1" null',
            'global:active "1" "waiting"',
            'global:completed "1" "{\\"ok\\":true}" "active"',
          ],
        },
        async (queue) => {
          void queue.process(async () => ({ ok: true }) as never);
          await queue.add({});
        },
      );
    },
  ],
  [
    'of a job without a result',
    async (bench) => {
      await eventsOf(
        bench,
        {
          local: ['active job#1 promise "waiting"', 'completed job#1 undefined "active"', 'drained'],
          sent: [
            'global:waiting "1" null',
            'global:active "1" "waiting"',
            'global:completed "1" undefined "active"',
          ],
        },
        async (queue) => {
          void queue.process(async () => undefined);
          await queue.add({});
        },
      );
    },
  ],
  [
    'of a job that fails for good',
    async (bench) => {
      await eventsOf(
        bench,
        {
          local: ['active job#1 promise "waiting"', 'failed job#1 Error(broken) "active"', 'drained'],
          sent: [
            'global:waiting "1" null',
            'global:active "1" "waiting"',
            'global:failed "1" "broken" "active"',
          ],
        },
        async (queue) => {
          void queue.process(async () => Promise.reject(new Error('broken')));
          await queue.add({});
        },
      );
    },
  ],
  [
    'of a job that is tried again at once: failed is local for each try, sent for the last',
    async (bench) => {
      await eventsOf(
        bench,
        {
          local: [
            'active job#1 promise "waiting"',
            'failed job#1 Error(no) "active"',
            'active job#1 promise "waiting"',
            'failed job#1 Error(no) "active"',
            'drained',
          ],
          sent: [
            'global:waiting "1" null',
            'global:active "1" "waiting"',
            'global:active "1" "waiting"',
            'global:failed "1" "no" "active"',
          ],
        },
        async (queue) => {
          void queue.process(async () => Promise.reject(new Error('no')));
          await queue.add({}, { attempts: 2 });
        },
      );
    },
  ],
  [
    'of a job that is tried again later: it drains in between, and waits again when it is due',
    async (bench) => {
      await eventsOf(
        bench,
        {
          local: [
            'active job#1 promise "waiting"',
            'failed job#1 Error(no) "active"',
            'drained',
            'active job#1 promise "waiting"',
            'completed job#1 null "active"',
            'drained',
          ],
          sent: [
            'global:waiting "1" null',
            'global:active "1" "waiting"',
            'global:waiting "1" null',
            'global:active "1" "waiting"',
            'global:completed "1" "null" "active"',
          ],
        },
        async (queue) => {
          void queue.process(async ({ attemptsMade }) => {
            if (attemptsMade === 0) throw new Error('no');
            return null as never;
          });
          await queue.add({}, { attempts: 2, backoff: 30 });
        },
      );
    },
  ],
  [
    'of progress, with its value',
    async (bench) => {
      await eventsOf(
        bench,
        {
          local: ['progress job#1 10', 'progress job#1 {"step":"b"}'],
          sent: ['global:waiting "1" null', 'global:progress "1" 10', 'global:progress "1" {"step":"b"}'],
        },
        async (queue) => {
          const job = await queue.add({});
          await job.progress(10);
          await job.progress({ step: 'b' });
        },
      );
    },
  ],
  [
    'of several jobs at concurrency 1: one after the other, drained once',
    async (bench) => {
      const queue = await bench.openWith(1, 2, 3);
      const local = await bench.record(queue, ...LOCAL);
      void queue.process(async () => 0 as never);
      await heardAtLeast(local, 7);
      expect(local).toEqual([
        ...['1', '2', '3'].flatMap((id) => [
          `active job#${id} promise "waiting"`,
          `completed job#${id} 0 "active"`,
        ]),
        'drained',
      ]);
    },
  ],
  [
    'of promote and retry: the job waits again',
    async (bench) => {
      const queue = bench.open();
      const heard = await bench.record(queue, 'waiting', 'global:waiting');
      const job = await queue.add({}, { delay: 60_000 });
      await job.promote();
      await (await bench.take(queue)).moveToFailed({ message: 'no' });
      await job.retry();
      await heardAtLeast(heard, 4);
      expect(heard).toEqual([
        'waiting "1" null',
        'global:waiting "1" null',
        'waiting "1" null',
        'global:waiting "1" null',
      ]);
    },
  ],
  [
    'drained is sent to all as well',
    async (bench) => {
      const queue = await bench.openWith(1);
      const heard = await bench.record(queue, 'global:drained');
      void queue.process(async () => undefined);
      await heardAtLeast(heard, 1);
      expect(heard).toEqual(['global:drained']);
    },
  ],
  [
    'a listener that throws becomes an error event and stops nothing',
    async (bench) => {
      const queue = bench.open();
      const heard = await bench.record(queue, 'error');
      queue.on('completed', () => {
        throw new Error('listener');
      });
      void queue.process(async () => undefined);
      const job = await queue.add({});
      await waitUntil(() => job.isCompleted(), 'the job');
      await heardAtLeast(heard, 1);
      expect(heard).toEqual(['error Error(listener)']);
    },
  ],
  [
    'once() hears one event, off() ends hearing',
    async (bench) => {
      const queue = bench.open();
      const once: unknown[] = [];
      const never: unknown[] = [];
      const listener = (): void => void never.push(1);
      queue.once('completed', (job) => once.push(job.id));
      queue.on('completed', listener);
      queue.off('completed', listener);
      await queue.add({});
      await queue.add({});
      await bench.runAll(queue, 2);
      expect([once, never]).toEqual([['1'], []]);
    },
  ],
  [
    'the job of completed has its result, the job of failed its reason and attempts',
    async (bench) => {
      const queue = bench.open();
      const seen: unknown[] = [];
      queue.on('completed', (job) => seen.push([job.returnvalue, typeof job.finishedOn]));
      queue.on('failed', (job) => seen.push([job.failedReason, job.attemptsMade, job.stacktrace.length]));
      await queue.add({ ok: true });
      await queue.add({ ok: false });
      await bench.runAll(queue, 2, (job) => {
        if (!(job.data as { ok: boolean }).ok) throw new Error('why');
        return 'result';
      });
      expect(seen).toEqual([
        ['result', 'number'],
        ['why', 1, 1],
      ]);
    },
  ],
];
