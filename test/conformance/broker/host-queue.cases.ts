import type { Job } from 'bull';
import { waitUntil } from '../../support/wait-until.js';
import { completed, failed } from './broker-bench.js';
import type { BrokerCase } from './broker-bench.js';

type Getter = (start: number, end: number, options: { excludeData: boolean }) => Promise<Job[]>;

/** What hosts' code reads off the queue that it injects; `test/conformance/queue/host.cases.ts` has the same of plain Bull. */
export const hostQueueCases: readonly BrokerCase[] = [
  [
    'the queue that hosts inject has Bull’s settings and keys, and can be written as JSON',
    async (bench) => {
      const queue = bench.open();
      const { settings, keys } = queue as unknown as Record<'settings' | 'keys', Record<string, unknown>>;
      const numbers = [
        'lockDuration',
        'lockRenewTime',
        'stalledInterval',
        'maxStalledCount',
        'guardInterval',
      ];
      for (const name of [...numbers, 'retryProcessDelay', 'drainDelay']) {
        expect([name, typeof settings[name]]).toEqual([name, 'number']);
      }
      for (const type of ['wait', 'active', 'delayed', 'completed', 'failed', 'paused', 'repeat']) {
        expect(keys[type]).toBe(queue.toKey(type));
      }
      expect(JSON.parse(JSON.stringify({ queue }))).toMatchObject({ queue: { name: queue.name } });
    },
  ],
  [
    'it says when it hears an event that others send',
    async (bench) => {
      const queue = bench.open();
      const registered: string[] = [];
      for (const event of ['global:completed', 'waiting']) {
        queue.on(`registered:${event}`, () => registered.push(event));
        queue.on(event, () => undefined);
      }
      await waitUntil(() => registered.length === 2, 'both events to be registered');
      expect([...registered].sort()).toEqual(['global:completed', 'waiting']);
    },
  ],
  [
    'it leaves payloads out where they are not wanted',
    async (bench) => {
      const queue = bench.open();
      const done = await bench.add(queue);
      const dead = await bench.add(queue, { name: 'other' });
      await bench.work(queue, (delivery) => (delivery.job.name === 'job' ? completed() : failed(delivery)));
      await bench.untilState(queue, done, 'completed');
      await bench.untilState(queue, dead, 'failed');
      await queue.pause();
      await bench.addAll(queue, [
        { name: 'job', data: { n: 1 }, options: {} },
        { name: 'job', data: { n: 1 }, options: { delay: 60_000 } },
      ]);
      for (const getter of ['getWaiting', 'getDelayed', 'getCompleted', 'getFailed'] as const) {
        const get = (queue[getter] as Getter).bind(queue);
        const [bare] = await get(0, -1, { excludeData: true });
        const [full] = await get(0, -1, { excludeData: false });
        expect([getter, bare?.id, bare?.data, full?.data]).toEqual([getter, full?.id, {}, { n: 1 }]);
      }
    },
  ],
];
