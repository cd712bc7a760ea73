import { setTimeout as pause } from 'node:timers/promises';
import type { ConformanceCase } from '../conformance/run-conformance.js';
import { waitUntil } from '../support/wait-until.js';
import { DEPTH, NotedSink, ONLY } from './alert-stage.js';
import type { AlertStage } from './alert-stage.js';

type AlertCase = ConformanceCase<AlertStage>;

export const incidentCases: readonly AlertCase[] = [
  [
    'fires once and is resolved once, with one id',
    async (stage) => {
      const sink = new NotedSink();
      const { turn } = stage.process([sink]);
      await turn();
      expect(await stage.stored()).toEqual([]);
      await stage.add(3);
      for (let n = 0; n < 3; n++) await turn();
      const [stored] = await stage.stored();
      expect(stored).toMatchObject({ state: 'firing', toSend: null, sentTo: ['noted'], value: 3, limit: 1 });
      await stage.empty();
      for (let n = 0; n < 4; n++) await turn();
      const of = `QueueDepthHigh|${stage.queueName}`;
      expect(sink.words).toEqual([`${of} firing`, `${of} resolved`]);
      const [fired, over] = sink.told;
      expect(over).toMatchObject({ id: fired?.id, message: fired?.message, since: fired?.since, value: 0 });
      expect(over?.resolvedAt?.getTime()).toBeGreaterThanOrEqual(fired?.since.getTime() ?? Number.NaN);
      expect(fired?.runbook).toBe('docs/operations.md#queuedepthhigh');
    },
  ],
  [
    'reminds of what still fires, with the same id',
    async (stage) => {
      const sink = new NotedSink();
      const { turn } = stage.process([sink], DEPTH, { repeatMs: 5 });
      await stage.add(2);
      await turn();
      await waitUntil(async () => {
        await pause(5);
        await turn();
        return sink.told.length >= 3;
      }, 'reminders');
      expect(sink.told.slice(0, 3).map(({ status, reminder }) => [status, reminder])).toEqual([
        ['firing', 0],
        ['firing', 1],
        ['firing', 2],
      ]);
      expect(new Set(sink.told.map(({ id }) => id)).size).toBe(1);
    },
  ],
  [
    'whose rule was switched off is told to be over, and then gone',
    async (stage) => {
      const sink = new NotedSink();
      const before = stage.process([sink]);
      await stage.add(2);
      await before.turn();
      await before.watch.stop();
      const after = stage.process([sink], ONLY({}));
      for (let n = 0; n < 3; n++) await after.turn();
      expect(sink.words.map((word) => word.split(' ').at(-1))).toEqual(['firing', 'resolved']);
      expect(await stage.stored()).toEqual([]);
    },
  ],
  [
    'that only pended is removed with its rule, without a word',
    async (stage) => {
      const sink = new NotedSink();
      const slow = ONLY({ QueueDepthHigh: { above: 1, forMs: 60_000 } });
      const before = stage.process([sink], slow);
      await stage.add(2);
      await before.turn();
      expect(await stage.stored()).toMatchObject([{ state: 'pending' }]);
      await before.watch.stop();
      await stage.process([sink], ONLY({})).turn();
      expect([await stage.stored(), sink.told]).toEqual([[], []]);
    },
  ],
];

export const leaderCases: readonly AlertCase[] = [
  [
    'are judged by one process, and by another one when it stops: the same incident',
    async (stage) => {
      const sinks = [new NotedSink(), new NotedSink()] as const;
      const [first, second] = sinks.map((sink) => stage.process([sink])) as [
        ReturnType<AlertStage['process']>,
        ReturnType<AlertStage['process']>,
      ];
      await stage.add(2);
      await first.turn();
      for (let n = 0; n < 3; n++) await second.turn();
      expect(sinks.map(({ told }) => told.length)).toEqual([1, 0]);
      await first.watch.stop();
      for (let n = 0; n < 2; n++) await second.turn();
      // It goes on where the first one stopped.
      expect(sinks.map(({ told }) => told.length)).toEqual([1, 0]);
      await stage.empty();
      for (let n = 0; n < 2; n++) await second.turn();
      expect(sinks[1].told).toMatchObject([{ status: 'resolved', id: sinks[0].told[0]?.id }]);
    },
  ],
  [
    'are left to a worker where one lives',
    async (stage) => {
      const sinks = [new NotedSink(), new NotedSink()] as const;
      const producer = stage.process([sinks[0]], DEPTH, { worksHere: false });
      const worker = stage.process([sinks[1]], DEPTH);
      await producer.turn();
      await worker.turn();
      await stage.add(2);
      await worker.turn();
      expect(sinks.map(({ told }) => told.length)).toEqual([0, 0]);
      await producer.turn();
      expect(sinks.map(({ told }) => told.length)).toEqual([1, 0]);
      await stage.beat();
      await stage.empty();
      await producer.turn();
      await worker.turn();
      await worker.turn();
      expect(sinks.map(({ words }) => words.length)).toEqual([1, 1]);
    },
  ],
  [
    'tell twice, never never, when a process dies between telling and noting it',
    async (stage) => {
      const [first, second] = [new NotedSink(), new NotedSink()];
      const dying = stage.process([first]);
      const { activity } = dying.broker;
      const move = activity.moveAlert.bind(activity);
      // It tells, and what it notes of that gets lost.
      jest.spyOn(activity, 'moveAlert').mockImplementationOnce(move).mockResolvedValue(false);
      await stage.add(2);
      await dying.turn();
      jest.restoreAllMocks();
      expect(first.told.length).toBe(1);
      expect(await stage.stored()).toMatchObject([{ state: 'firing', toSend: 'firing', sentTo: [] }]);
      await dying.watch.stop();
      await stage.process([second]).turn();
      expect(second.told).toMatchObject([{ id: first.told[0]?.id, status: 'firing', reminder: 0 }]);
      expect(await stage.stored()).toMatchObject([{ toSend: null, sentTo: ['noted'] }]);
    },
  ],
];

export const sinkCases: readonly AlertCase[] = [
  [
    'that fails or hangs delays no other, and is asked again',
    async (stage) => {
      const [failing, hanging, well] = ['failing', 'hanging', 'well'].map((name) => new NotedSink(name)) as [
        NotedSink,
        NotedSink,
        NotedSink,
      ];
      let free = (): void => undefined;
      hanging.answer = () => new Promise<void>((resolve) => (free = resolve));
      failing.answer = () => Promise.reject(new Error('no line'));
      const { watch, delivery } = stage.process([failing, hanging, well]);
      await stage.add(2);
      for (let n = 0; n < 3; n++) await watch.turn();
      const sentTo = async (): Promise<unknown> => (await stage.stored())[0]?.sentTo;
      await waitUntil(async () => JSON.stringify(await sentTo()) === '["well"]', 'the well one');
      expect([failing, hanging, well].map(({ told }) => told.length)).toEqual([0, 0, 1]);
      expect((await stage.stored())[0]?.toSend).toBe('firing');
      failing.answer = () => Promise.resolve();
      free();
      await watch.turn();
      await delivery.settled();
      await watch.turn();
      await delivery.settled();
      expect([failing, hanging, well].map(({ told }) => told.length)).toEqual([1, 1, 1]);
      expect((await stage.stored())[0]).toMatchObject({ toSend: null });
    },
  ],
  [
    'that throws at once is one that fails',
    async (stage) => {
      const bad = {
        name: 'bad',
        send: (): never => {
          throw new TypeError('not even a promise');
        },
      };
      const well = new NotedSink();
      const { turn } = stage.process([bad, well]);
      await stage.add(2);
      await turn();
      expect([well.told.length, (await stage.stored())[0]?.sentTo]).toEqual([1, ['noted']]);
    },
  ],
];
