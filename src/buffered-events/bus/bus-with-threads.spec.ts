import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Dies } from '../../../test/support/inline-thread.js';
import { ThreadedBus } from '../../../test/support/threaded-bus.js';
import type { IEventHandler, LeftoverEvent } from '../events/event-words.js';

type Handle = IEventHandler['handle'];

let stage: ThreadedBus;

beforeEach(() => {
  for (const method of ['log', 'warn', 'error'] as const) {
    jest.spyOn(Logger.prototype, method).mockImplementation(() => undefined);
  }
});

afterEach(async () => {
  await stage.bus.shutdown();
  jest.restoreAllMocks();
});

function handled(): { seen: unknown[]; handle: Handle } {
  const seen: unknown[] = [];
  return { seen, handle: ({ payload }) => void seen.push(payload) };
}

it('events whose types threads handle run there; those of the app alone run here; with both, threads run them', async () => {
  stage = new ThreadedBus();
  const { seen, handle } = handled();
  stage.handlers.both = handle;
  const own = handled();
  stage.bus.register('both', { handle: own.handle });
  stage.bus.register('here', { handle: own.handle });
  await stage.bus.initialize();
  await stage.bus.emit('both', 1);
  await stage.bus.emit('here', 2);
  await stage.empty();
  expect(seen).toEqual([1]);
  expect(own.seen).toEqual([2]);
  expect(stage.inApp).toBe(0);
  expect(stage.bus.readings()).toMatchObject({ fallback: false, threads: { wanted: 2, live: 2 } });
});

it('refuses to start where the app and the threads say different places of a type', async () => {
  stage = new ThreadedBus();
  stage.handlers.seen = () => undefined;
  stage.bus.register('seen', { handle: () => undefined }, 'main');
  await expect(stage.bus.initialize()).rejects.toThrow(/different places/);
  expect(stage.threads).toHaveLength(1);
});

it('tells a thread that emits while it boots that the bus has not started, and not that it ends', async () => {
  stage = new ThreadedBus();
  const starting = stage.bus.initialize();
  while (stage.threads[0] === undefined) await nextTurn();
  const told = jest.spyOn(stage.threads[0], 'postMessage');
  stage.threads[0].emit('message', { kind: 'emit', call: 1, type: 'seen', json: '1', options: {} });
  await starting;
  const error = expect.objectContaining({ message: expect.stringMatching(/has not started/) });
  expect(told).toHaveBeenCalledWith({ kind: 'emitted', call: 1, error });
});

it('an always-failing event runs 1 + retryAttempts times on threads', async () => {
  stage = new ThreadedBus({ retryAttempts: 2 });
  let runs = 0;
  stage.handlers.bad = () => {
    runs += 1;
    throw new Error('no');
  };
  await stage.bus.initialize();
  await stage.bus.emit('bad', 1);
  await stage.empty();
  expect(runs).toBe(3);
  expect(stage.bus.deadLetters()).toMatchObject([{ attempts: 3, crashes: 0 }]);
});

it('poison among 200: it alone is dead, after one shared and three lone deaths', async () => {
  stage = new ThreadedBus();
  const done = new Set<number>();
  let poisonRuns = 0;
  stage.handlers.seen = async ({ payload }) => {
    await nextTurn();
    done.add(payload);
  };
  stage.handlers.poison = () => {
    poisonRuns += 1;
    throw new Dies();
  };
  await stage.bus.initialize();
  for (let number = 0; number < 200; number += 1) {
    await stage.bus.emit('seen', number);
    if (number === 100) await stage.bus.emit('poison', 'x');
  }
  await stage.empty();
  expect(done.size).toBe(200);
  expect(poisonRuns).toBe(4);
  expect(stage.bus.readings()).toMatchObject({ crashes: 3, threads: { deaths: 4 } });
  expect(stage.bus.deadLetters()).toMatchObject([
    { event: { type: 'poison' }, attempts: 0, crashes: 3, lastError: { code: 'WORKER_CRASHED' } },
  ]);
});

it('hands over to the app when no thread lives, and back when one does', async () => {
  stage = new ThreadedBus({ workerCount: 1 });
  const { seen, handle } = handled();
  stage.handlers.seen = handle;
  await stage.bus.initialize();
  await stage.bus.emit('seen', 1);
  await stage.empty();
  stage.boots = false;
  stage.threads.at(-1)!.dies();
  await stage.until(() => stage.bus.readings().fallback);
  await stage.bus.emit('seen', 2);
  await stage.empty();
  expect(stage.inApp).toBe(1);
  stage.boots = true;
  await stage.until(() => stage.bus.readings().threads.live === 1);
  expect(stage.bus.readings().fallback).toBe(false);
  await stage.bus.emit('seen', 3);
  await stage.empty();
  expect(seen).toEqual([1, 2, 3]);
  expect(stage.inApp).toBe(1);
});

it('runs what dead threads shared here once none can boot, but not what killed one while alone', async () => {
  stage = new ThreadedBus({ workerCount: 1, maxCrashes: 5 });
  // What a thread that is none awaits goes on after its death, so it may be seen twice.
  const seen = new Set<unknown>();
  let deaths = 0;
  stage.handlers.poison = ({ payload }) => {
    if (stage.inApp > 0 && payload === 'poison') throw new Error('ran in the app');
    deaths += 1;
    if (deaths === 2) stage.boots = false;
    throw new Dies();
  };
  stage.handlers.slow = async ({ payload }) => {
    while (deaths === 0) await nextTurn();
    seen.add(payload);
  };
  await stage.bus.initialize();
  await stage.bus.emit('slow', 'slow', { priority: 'critical' });
  await stage.bus.emit('poison', 'poison');
  await stage.empty();
  expect(deaths).toBe(2);
  expect([...seen]).toEqual(['slow']);
  expect(stage.bus.deadLetters()).toMatchObject([
    { event: { payload: 'poison' }, crashes: 1, lastError: { code: 'WORKER_CRASHED' } },
  ]);
});

it('without fallbackToSync events wait for a thread', async () => {
  stage = new ThreadedBus({ workerCount: 1, fallbackToSync: false });
  const { seen, handle } = handled();
  stage.handlers.seen = handle;
  await stage.bus.initialize();
  stage.boots = false;
  stage.threads.at(-1)!.dies();
  await stage.until(() => stage.bus.readings().threads.live === 0);
  await stage.bus.emit('seen', 1);
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  expect(seen).toEqual([]);
  expect(stage.bus.readings()).toMatchObject({ fallback: false, size: 1 });
  stage.boots = true;
  await stage.empty();
  expect(seen).toEqual([1]);
  expect(stage.inApp).toBe(0);
});

it('scales up, down, to none and up again under load: nothing is lost, nothing counted as a crash', async () => {
  stage = new ThreadedBus({ workerCount: 1, maxQueueSize: 50_000, maxMemoryMB: 40 });
  const seen = new Map<number, number>();
  stage.handlers.seen = async ({ payload }) => {
    await nextTurn();
    seen.set(payload, (seen.get(payload) ?? 0) + 1);
  };
  await stage.bus.initialize();
  let emitted = 0;
  let isOver = false;
  const load = (async () => {
    while (!isOver) {
      for (let count = 0; count < 20; count += 1) await stage.bus.emit('seen', emitted++);
      await nextTurn();
    }
  })();
  for (const count of [8, 2, 0, 4]) {
    await stage.bus.scale(count);
    expect(stage.bus.readings()).toMatchObject({
      fallback: count === 0,
      threads: { wanted: count, live: count },
    });
    const before = seen.size;
    await stage.until(() => seen.size > before + 100);
  }
  isOver = true;
  await load;
  await stage.empty();
  expect(seen.size).toBe(emitted);
  expect([...seen.values()].every((runs) => runs === 1)).toBe(true);
  expect(stage.bus.readings()).toMatchObject({
    crashes: 0,
    deadLetters: { total: 0 },
    threads: { restarts: 0 },
  });
});

it('a shutdown under load hands over exactly what was not handled', async () => {
  const left: LeftoverEvent[] = [];
  stage = new ThreadedBus({
    gracefulShutdownTimeout: 50,
    onLeftover: (events) => void left.push(...events),
  });
  const done = new Set<string>();
  stage.handlers.seen = async (_, { id, signal }) => {
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    if (!signal.aborted) done.add(id);
  };
  stage.handlers.stuck = () => new Promise(() => undefined);
  await stage.bus.initialize();
  const ids: string[] = [];
  for (let count = 0; count < 900; count += 1) {
    ids.push(await stage.bus.emit(count % 30 === 0 ? 'stuck' : 'seen', count));
  }
  await stage.bus.shutdown();
  const { emitted, consumers, deadLetters, size } = stage.bus.readings();
  expect(emitted).toBe(900);
  expect(consumers.reduce((sum, consumer) => sum + consumer.done, 0) + deadLetters.total + left.length).toBe(
    900,
  );
  expect(size).toBe(0);
  const all = new Set([...done, ...left.map(({ id }) => id)]);
  expect(ids.filter((id) => !all.has(id))).toEqual([]);
});

it('emits that wait for room are told by a thread', async () => {
  stage = new ThreadedBus({ workerCount: 1, maxQueueSize: 10, whenFull: { waitMs: 60_000 } });
  const { seen, handle } = handled();
  stage.handlers.seen = handle;
  await stage.bus.initialize();
  await Promise.all(Array.from({ length: 19 }, (_, number) => stage.bus.emit('seen', number)));
  await stage.empty();
  expect(seen).toHaveLength(19);
});
