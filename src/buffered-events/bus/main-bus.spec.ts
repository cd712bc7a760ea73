import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { busStages } from '../../../test/support/event-bus-stage.js';
import type { EventBusSettings } from '../configuration/event-bus-settings.js';
import { EventHandlerRegistrationError } from '../events/errors.js';
import type { FoundHandler } from '../events/handler-scan.js';

const { staged, started } = busStages();
let warn: jest.SpyInstance;
let error: jest.SpyInstance;

beforeEach(() => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
});

afterEach(() => {
  warn.mockRestore();
  error.mockRestore();
});

describe('without threads', () => {
  it('events are handled in the app, never within the emit, and in nobody’s context', async () => {
    const stage = await started();
    const request = new AsyncLocalStorage<string>();
    const stores: unknown[] = [];
    stage.bus.register('seen', { handle: () => void stores.push(request.getStore()) });
    await request.run('request-1', () => stage.bus.emit('seen', 1));
    expect(stores).toEqual([]);
    await stage.settled();
    expect(stores).toEqual([undefined]);
    expect(stage.bus.readings()).toMatchObject({
      fallback: true,
      size: 0,
      emitted: 1,
      threads: { wanted: 0 },
    });
    expect(warn).not.toHaveBeenCalled();
  });

  it('one event per turn of the loop, so that requests get their turn between', async () => {
    const stage = await started();
    let handled = 0;
    const atTurns: number[] = [];
    stage.bus.register('seen', { handle: () => void (handled += 1) });
    for (let count = 0; count < 5; count += 1) await stage.bus.emit('seen', count);
    while (handled < 5) {
      await new Promise((resolve) => setImmediate(resolve));
      atTurns.push(handled);
    }
    for (let turn = 1; turn < atTurns.length; turn += 1) {
      expect(atTurns[turn]! - atTurns[turn - 1]!).toBeLessThanOrEqual(1);
    }
  });

  it('lanes get their shares, and low ones are not starved', async () => {
    const stage = await started({ threads: oneAtATime() });
    const order: string[] = [];
    stage.bus.register('seen', { handle: (_, { priority }) => void order.push(priority[0]!) });
    for (const priority of ['low', 'normal', 'critical'] as const) {
      for (let count = 0; count < 20; count += 1) await stage.bus.emit('seen', count, { priority });
    }
    await stage.settled();
    const first = order.slice(0, 24);
    expect(first.filter((lane) => lane === 'c')).toHaveLength(12);
    expect(first.filter((lane) => lane === 'n')).toHaveLength(8);
  });

  it('threads’ handlers are made here, once, and where none can be, the start says why', async () => {
    const seen: unknown[] = [];
    const found = (type: string, place: FoundHandler['place'] = 'threads'): FoundHandler => ({
      type,
      place,
      name: 'Users.seen',
      handle: (event) => void seen.push(event),
    });
    const close = jest.fn(async () => undefined);
    const request = new AsyncLocalStorage<string>();
    const stores: unknown[] = [];
    const boot = jest.fn(async () => {
      stores.push(request.getStore());
      return { handlers: [found('seen')], close };
    });
    const stage = staged({}, { bootModuleHere: boot });
    await request.run('of whoever asks for it', () => stage.bus.initialize());
    expect(stores).toEqual([undefined]);
    await stage.bus.emit('seen', { n: 1 });
    await stage.settled();
    expect(seen).toEqual([expect.objectContaining({ type: 'seen', n: 1 })]);
    await stage.end();
    expect(boot).toHaveBeenCalledTimes(1);
    expect(close).toHaveBeenCalledTimes(1);

    const failing = staged({}, { bootModuleHere: () => Promise.reject(new RangeError('no module')) });
    await expect(failing.bus.initialize()).rejects.toThrow('no module');
    await expect(failing.bus.emit('seen', 1)).rejects.toThrow(/shutting down/);

    const homeless = staged(
      {},
      { bootModuleHere: async () => ({ handlers: [found('pushed', 'main')], close }) },
    );
    await expect(homeless.bus.initialize()).rejects.toThrow(EventHandlerRegistrationError);
  });
});

function oneAtATime(): EventBusSettings['threads'] {
  return { module: null, concurrency: 1, handlerTimeoutMs: 30_000, execArgv: [] };
}

describe('registering', () => {
  it('refuses what is no type, no handler, or says another place than before', () => {
    const { bus } = staged();
    const handler = { handle: () => undefined };
    expect(() => bus.register('', handler)).toThrow(/registerHandler\(\): type must be/);
    expect(() => bus.register('seen', {} as never)).toThrow(/handler must be/);
    expect(() => bus.register('seen', (() => undefined) as never)).toThrow(TypeError);
    bus.register('seen', handler, 'main');
    bus.register('seen', handler);
    expect(() => bus.register('seen', handler, 'threads')).toThrow(EventHandlerRegistrationError);
  });

  it('works at any time, and handlers run one after the other in its order', async () => {
    const stage = await started();
    const order: number[] = [];
    stage.bus.register('seen', {
      handle: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        order.push(1);
      },
    });
    stage.bus.register('seen', { handle: () => void order.push(2) });
    await stage.bus.emit('seen', 1);
    await stage.settled();
    expect(order).toEqual([1, 2]);
  });
});

describe('an event that fails', () => {
  it('runs exactly 1 + retryAttempts times, keeps its place meanwhile, and is a dead letter', async () => {
    const stage = await started();
    const attempts: number[] = [];
    stage.bus.register('seen', {
      handle: (_, { attempt }) => {
        attempts.push(attempt);
        throw Object.assign(new TypeError('mine'), { code: 'MINE' });
      },
    });
    const id = await stage.bus.emit('seen', { n: 1 }, { priority: 'low', correlationId: 'c' });
    for (const delay of [1_000, 2_000, 4_000]) {
      await stage.settled();
      expect(stage.bus.readings()).toMatchObject({ size: 1, waitingRetries: 1 });
      await stage.clock.advance(delay);
    }
    await stage.settled();
    expect(attempts).toEqual([1, 2, 3, 4]);
    expect(stage.bus.deadLetters()).toEqual([
      {
        id,
        event: {
          type: 'seen',
          payload: { n: 1 },
          priority: 'low',
          correlationId: 'c',
          emittedAt: expect.any(Number),
        },
        attempts: 4,
        crashes: 0,
        lastError: expect.objectContaining({ name: 'TypeError', message: 'mine', code: 'MINE' }),
        timestamp: stage.clock.now(),
      },
    ]);
    expect(stage.bus.readings()).toMatchObject({ size: 0, retries: 3, deadLetters: { kept: 1, total: 1 } });
  });

  it('can be put back with no attempts counted, under its id; what finds no room stays dead', async () => {
    const stage = await started({ retryAttempts: 0, maxQueueSize: 10 });
    let fails = true;
    const runs: [id: string, attempt: number, correlationId: string][] = [];
    stage.bus.register('seen', {
      handle: (_, { id, attempt, correlationId }) => {
        if (fails) throw new Error('no');
        runs.push([id, attempt, correlationId]);
      },
    });
    const ids: string[] = [];
    for (let count = 0; count < 12; count += 1) {
      ids.push(await stage.bus.emit('seen', count));
      await stage.settled();
    }
    fails = false;
    await expect(stage.bus.replayDeadLetters('all' as never)).rejects.toThrow(TypeError);
    expect(await stage.bus.replayDeadLetters(({ id }) => id !== ids[0])).toBe(9);
    await stage.settled();
    expect(runs).toEqual(ids.slice(1, 10).map((id) => [id, 1, id]));
    expect(stage.bus.deadLetters().map(({ id }) => id)).toEqual([ids[0], ids[10], ids[11]]);
    expect(await stage.bus.discardDeadLetters()).toBe(3);
    expect(stage.bus.readings().deadLetters).toMatchObject({ kept: 0, replayed: 9, discarded: 3 });
  });

  it('that took too long is told so, and fails', async () => {
    const stage = await started({
      retryAttempts: 0,
      threads: { module: null, concurrency: 1, handlerTimeoutMs: 20, execArgv: [] },
    });
    stage.bus.register('seen', {
      handle: (_, { signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined))),
    });
    await stage.bus.emit('seen', 1);
    // The consumer looks by the machine's clock; here the test's stands still.
    const looking = setInterval(() => void stage.clock.advance(20), 5);
    await stage.until(() => stage.bus.deadLetters().length === 1);
    clearInterval(looking);
    expect(stage.bus.deadLetters()[0]!.lastError).toMatchObject({ code: 'EVENT_TIMEOUT' });
  });
});

it('says what can be scaled, and when', async () => {
  const stage = staged();
  await expect(stage.bus.scale(2)).rejects.toThrow(/has not started/);
  await stage.bus.initialize();
  await expect(stage.bus.scale(64)).rejects.toThrow(/whole number from 0 to 63/);
  await expect(stage.bus.scale(1)).rejects.toThrow(/threads\.module/);
  await stage.bus.scale(0);
});
