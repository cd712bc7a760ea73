import { defineQueue } from '../../../src/message-queue/jobs/queue-definition.js';
import { EMPTY_SNAPSHOT } from '../../../src/message-queue/broker/queue-snapshot.js';
import { START, announcement, batch, heartbeat } from '../../support/activity-batches.js';
import type { ActivityCase } from './activity-bench.js';

const MINUTE = 60_000;

class AnyPayload {}

/** Which processes and queues there are. */
export const fleetCases: readonly ActivityCase[] = [
  [
    'a process is what it said last, and when',
    async (bench) => {
      const store = bench.store();
      await store.flush(batch('a', 1));
      const said = heartbeat('a', { rssBytes: 1, queues: { 'x y': [1, 2, 3] }, host: 'ü "h"' });
      const { at } = await store.flush(batch('a', 2, { heartbeat: said }));
      await store.flush(batch('b', 1));
      const { instances } = await store.look([]);
      expect(instances).toHaveLength(2);
      expect(instances.find(({ id }) => id === 'a')).toEqual({ ...said, seenAt: at });
    },
  ],
  [
    'who says good-bye is gone at once, who says nothing after ten minutes',
    async (bench) => {
      const store = bench.store();
      await store.flush(batch('stops', 1));
      await store.flush(batch('vanishes', 1));
      await store.leave('stops');
      await store.leave('nobody');
      const ids = async (afterMs: number): Promise<string[]> => {
        const later = bench.store(afterMs);
        await later.flush(batch('lives', afterMs + 1));
        return (await later.look([])).instances.map(({ id }) => id).sort();
      };
      expect(await ids(0)).toEqual(['lives', 'vanishes']);
      expect(await ids(9 * MINUTE)).toEqual(['lives', 'vanishes']);
      expect(await ids(11 * MINUTE)).toEqual(['lives']);
      await bench.store(12 * MINUTE).flush(batch('vanishes', 2));
      expect(await ids(12 * MINUTE)).toEqual(['lives', 'vanishes']);
    },
  ],
  [
    'queues are known from who announced them, and are asked for again after an hour',
    async (bench) => {
      const store = bench.store();
      expect(await store.flush(batch('a', 1))).toMatchObject({ announceAgain: true });
      const announced = [announcement('chat'), announcement('mail')];
      expect(await store.flush(batch('a', 2, { announced }))).toMatchObject({ announceAgain: false });
      expect(await store.flush(batch('a', 3))).toMatchObject({ announceAgain: false });
      const other = [{ ...announcement('chat'), concurrency: 99 }];
      await bench.store().flush(batch('b', 1, { announced: other }));
      expect((await store.look([])).announced).toEqual([other[0], announced[1]]);
      expect(await bench.store(61 * MINUTE).flush(batch('a', 4))).toMatchObject({ announceAgain: true });
      const later = bench.store(75 * 60 * MINUTE);
      await later.flush(batch('c', 1, { announced: [announcement('new')] }));
      expect((await later.look([])).announced.map(({ name }) => name)).toEqual(['new']);
    },
  ],
  [
    'a version is a deploy when it is seen for the first time',
    async (bench) => {
      const flush = (afterMs: number, id: string, version: string): Promise<unknown> =>
        bench.store(afterMs).flush(batch(id, 1, { heartbeat: heartbeat(id, { version }) }));
      await flush(0, 'a', '1.4.0');
      await flush(MINUTE, 'b', '1.4.0');
      await flush(2 * MINUTE, 'c', '1.5.0');
      await flush(3 * MINUTE, 'd', '1.4.0');
      const { deploys } = await bench.store(3 * MINUTE).look([]);
      expect(deploys.map(({ version }) => version)).toEqual(['1.4.0', '1.5.0']);
      const minutes = deploys.map(({ at }) => Math.floor((at - START) / MINUTE));
      expect(minutes).toEqual([0, 2]);
      for (let i = 0; i < 105; i++) await flush(4 * MINUTE, `many-${i}`, `2.${i}`);
      const many = (await bench.store(4 * MINUTE).look([])).deploys;
      expect(many).toHaveLength(100);
      expect(many.some(({ version }) => version === '1.4.0')).toBe(false);
    },
  ],
  [
    'the jobs of a queue are counted by its name alone',
    async (bench) => {
      const broker = bench.broker();
      const queue = broker.createQueue(
        defineQueue({
          ...{
            name: 'chat',
            description: 'A queue.',
            jobs: { job: AnyPayload },
            concurrency: 1,
            attempts: 1,
          },
          ...{ backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 1_000 },
        }),
      );
      await broker.addOnce(queue, { name: 'job', data: {}, options: {} });
      await broker.addOnce(queue, { name: 'job', data: {}, options: { delay: 60_000 } });
      const { counts, minutes } = await bench.store().look(['chat', 'nobody has it', 'chat']);
      expect([...counts.keys()]).toEqual(['chat', 'nobody has it']);
      expect(counts.get('chat')).toEqual(await broker.snapshot(queue));
      expect(counts.get('chat')).toMatchObject({ waiting: 1, delayed: 1 });
      expect(counts.get('nobody has it')).toEqual(EMPTY_SNAPSHOT);
      expect(minutes).toEqual([]);
    },
  ],
];
