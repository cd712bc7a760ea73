import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConsumerStage } from '../../../test/support/event-consumer-stage.js';

test('runs at most so many at once, in order, and rests when there is nothing', async () => {
  const stage = new ConsumerStage();
  stage.ready.push(1, 2, 3);
  stage.consumer.wake();
  expect(stage.started).toEqual([1, 2]);
  expect(stage.cells).toMatchObject({ rests: null, running: 2 });
  stage.open.get(2)!.resolve();
  await stage.until(() => stage.started.length === 3);
  stage.open.get(1)!.reject(new TypeError('no'));
  stage.open.get(3)!.resolve();
  await stage.until(() => stage.consumer.running === 0);
  expect(stage.done).toEqual([2, 3]);
  expect(stage.failed).toEqual([[1, expect.objectContaining({ name: 'TypeError', message: 'no' })]]);
  expect(stage.ended).toBe(3);
  expect(stage.cells).toMatchObject({ rests: 'sleeps', running: 0, failed: 1 });
});

test('tells how long an event waited for its first run alone: a retry and a suspect waited for something else', () => {
  const waits: number[] = [];
  const emitted = [{}, { attempts: 1 }, { crashes: 1 }].map((more, slot) => ({
    ...{ slot, generation: 1, type: 0, lane: 1, sequence: slot, json: '1', bytes: 1 },
    ...{ emittedAt: 970, attempts: 0, crashes: 0, ...more },
  }));
  const suspects = [{ ...emitted[0]!, slot: 9 }];
  const stage = new ConsumerStage({
    run: ({ slot }) => void stage.started.push(slot),
    source: {
      next: () => emitted.shift() ?? null,
      hasReady: () => emitted.length > 0,
      nextSuspect: () => suspects.shift() ?? null,
      hasSuspects: () => suspects.length > 0,
    },
  });
  stage.cells.started = (latencyMs) => void waits.push(latencyMs);
  stage.consumer.wake();
  expect(stage.started).toEqual([9, 0, 1, 2]);
  expect(waits).toEqual([30]);
});

test('finds what came between its last look and its word that it rests', () => {
  const stage = new ConsumerStage();
  stage.beforeLook = () => {
    stage.ready.push(7);
    stage.beforeLook = () => undefined;
  };
  stage.consumer.wake();
  expect(stage.started).toEqual([7]);
});

test('lets the thread go on after so many claims, also when its handlers are synchronous', async () => {
  const stage = new ConsumerStage({ perTurn: 3, run: ({ slot }) => void stage.started.push(slot) });
  stage.ready.push(...Array.from({ length: 8 }, (_, slot) => slot));
  stage.consumer.wake();
  expect(stage.started).toHaveLength(3);
  // The bell does not shorten the turn of others.
  stage.consumer.wake();
  expect(stage.started).toHaveLength(3);
  await nextTurn();
  expect(stage.started).toHaveLength(6);
  await stage.until(() => stage.done.length === 8);
});

test('lets the thread go on after a while, however few it has claimed', async () => {
  const stage = new ConsumerStage({
    run: ({ slot }) => {
      stage.started.push(slot);
      stage.now += 6;
    },
  });
  stage.ready.push(1, 2, 3, 4, 5);
  stage.consumer.wake();
  expect(stage.started).toEqual([1, 2]);
  await nextTurn();
  expect(stage.started).toEqual([1, 2, 3, 4]);
  await stage.until(() => stage.done.length === 5);
});

test('a source that promises what it has not holds no thread', async () => {
  let looks = 0;
  const lying = new ConsumerStage({
    perTurn: 3,
    source: { next: () => null, hasReady: () => (looks += 1) < 100 },
  });
  lying.consumer.wake();
  expect(looks).toBe(3);
  await lying.until(() => looks === 100);
});

test('runs a suspect alone: after all that runs, before all that waits', async () => {
  const stage = new ConsumerStage({ concurrency: 3 });
  stage.ready.push(1, 2);
  stage.consumer.wake();
  stage.suspects.push(9);
  stage.ready.push(3);
  stage.consumer.wake();
  expect(stage.started).toEqual([1, 2]);
  stage.open.get(1)!.resolve();
  await nextTurn();
  expect(stage.started).toEqual([1, 2]);
  stage.open.get(2)!.resolve();
  await stage.until(() => stage.started.includes(9));
  expect(stage.cells.alone).toBe(9);
  stage.consumer.wake();
  expect(stage.started).toEqual([1, 2, 9]);
  stage.open.get(9)!.reject(null);
  await stage.until(() => stage.started.includes(3));
  expect(stage.cells.alone).toBe(-1);
  expect(stage.failed).toEqual([
    [9, expect.objectContaining({ message: 'What was thrown is not an Error: null' })],
  ]);
});

test('tells a handler that takes too long to stop, and fails its run when it settles', async () => {
  const stage = new ConsumerStage();
  stage.ready.push(1, 2);
  stage.consumer.wake();
  const { signal } = stage.open.get(1)!.signal;
  signal.addEventListener('abort', () => {
    throw new Error('a listener of the handler');
  });
  stage.now += 60;
  await stage.until(() => signal.aborted);
  expect(stage.failed).toEqual([]);
  expect(stage.consumer.running).toBe(2);
  // Asked for late, it has aborted already.
  expect(stage.open.get(2)!.signal.signal.aborted).toBe(true);
  stage.open.get(1)!.resolve();
  stage.open.get(2)!.reject(new Error('stopped'));
  await stage.until(() => stage.consumer.running === 0);
  expect(stage.failed).toEqual([
    [1, expect.objectContaining({ name: 'EventTimeoutError', code: 'EVENT_TIMEOUT' })],
    [
      2,
      expect.objectContaining({
        name: 'EventTimeoutError',
        cause: expect.objectContaining({ message: 'stopped' }),
      }),
    ],
  ]);
  expect(stage.listenerErrors).toHaveLength(1);
});

test('gives a handler up that does not settle, and lets others go on', async () => {
  const stage = new ConsumerStage({ concurrency: 1 });
  stage.ready.push(1, 2);
  stage.consumer.wake();
  stage.now += 60;
  await stage.until(() => stage.open.get(1)!.signal.signal.aborted);
  stage.now += 5_000;
  await stage.until(() => stage.started.includes(2));
  expect(stage.failed).toEqual([[1, expect.objectContaining({ name: 'EventTimeoutError' })]]);
  stage.open.get(1)!.resolve();
  stage.open.get(2)!.resolve();
  await stage.until(() => stage.consumer.running === 0);
  expect(stage.done).toEqual([2]);
  expect(stage.failed).toHaveLength(1);
});

test('stops: claims nothing more, waits for what runs, and can go on', async () => {
  const stage = new ConsumerStage();
  stage.ready.push(1, 2, 3);
  stage.consumer.wake();
  let isStopped = false;
  const stopped = stage.consumer.stop().then(() => (isStopped = true));
  stage.open.get(1)!.resolve();
  await nextTurn();
  expect([isStopped, stage.started]).toEqual([false, [1, 2]]);
  stage.consumer.abort(new Error('shutdown'));
  expect(stage.open.get(2)!.signal.signal.reason).toEqual(new Error('shutdown'));
  stage.open.get(2)!.reject(new Error('gone'));
  await stopped;
  await stage.consumer.stop();
  stage.consumer.resume();
  expect(stage.started).toEqual([1, 2, 3]);
});

test('claims nothing while it drains', () => {
  const stage = new ConsumerStage();
  stage.cells.draining = true;
  stage.ready.push(1);
  stage.consumer.wake();
  expect(stage.started).toEqual([]);
  expect(stage.cells.rests).toBeNull();
});

test('runs in nobody’s context, whoever rings', async () => {
  const request = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const stage = new ConsumerStage({
    perTurn: 1,
    run: async () => void seen.push(request.getStore()),
  });
  stage.ready.push(1, 2, 3);
  request.run('request-1', () => stage.consumer.wake());
  await stage.until(() => stage.done.length === 3);
  expect(seen).toEqual([undefined, undefined, undefined]);
});
