import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { busStages } from '../../../test/support/event-bus-stage.js';
import { FakeThread } from '../../../test/support/fake-threads.js';
import type { EventBusSettings } from '../configuration/event-bus-settings.js';
import type { LeftoverEvent } from '../events/event-words.js';
import type { ThreadStart } from '../threads/thread-messages.js';

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

const NEVER = { handle: () => new Promise(() => undefined) };

function oneAtATime(): EventBusSettings['threads'] {
  return { module: null, concurrency: 1, handlerTimeoutMs: 30_000, execArgv: [] };
}

describe('the shutdown', () => {
  it('handles what is stored, retries whose time comes included, and only then resolves', async () => {
    const stage = await started();
    let runs = 0;
    stage.bus.register('seen', {
      handle: () => {
        runs += 1;
        if (runs === 1) throw new Error('once');
      },
    });
    await stage.bus.emit('seen', 1);
    const first = stage.bus.shutdown();
    expect(stage.bus.shutdown()).toBe(first);
    await stage.end();
    expect(runs).toBe(2);
    expect(stage.bus.readings()).toMatchObject({ phase: 'stopped', size: 0 });
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('leaves over, at once and uncounted, what fails because emits are refused by now', async () => {
    const left: LeftoverEvent[] = [];
    const stage = await started({ onLeftover: (events) => void left.push(...events) });
    const { bus } = stage;
    let emitsNext = (): void => undefined;
    bus.register('followed', {
      handle: async () => {
        await new Promise<void>((resolve) => (emitsNext = resolve));
        await bus.emit('following', 1);
      },
    });
    bus.register('following', { handle: () => undefined });
    await bus.emit('followed', 7);
    await nextTurn();
    await nextTurn();
    const ended = stage.end();
    emitsNext();
    await ended;
    expect(left).toEqual([expect.objectContaining({ type: 'followed', payload: 7, attempts: 0 })]);
    expect(bus.deadLetters()).toEqual([]);
    expect(bus.readings().retries).toBe(0);
  });

  it('gives what is left once to onLeftover, and a count per type to the log; what was handled, died and is left is what was emitted', async () => {
    const left: (readonly LeftoverEvent[])[] = [];
    const stage = await started({
      retryAttempts: 0,
      threads: oneAtATime(),
      onLeftover: (events) => void left.push(events),
    });
    stage.bus.register('good', { handle: () => undefined });
    stage.bus.register('bad', { handle: () => Promise.reject(new Error('no')) });
    stage.bus.register('stuck', NEVER);
    for (let count = 0; count < 5; count += 1) await stage.bus.emit('good', count);
    for (let count = 0; count < 2; count += 1) await stage.bus.emit('bad', count);
    await stage.settled();
    const id = await stage.bus.emit('stuck', { n: 7 }, { correlationId: 'c', priority: 'low' });
    for (let count = 0; count < 3; count += 1) await stage.bus.emit('stuck', count, { priority: 'low' });
    await stage.end();
    expect(left).toHaveLength(1);
    expect(left[0]).toHaveLength(4);
    expect(left[0]).toContainEqual({
      id,
      type: 'stuck',
      payload: { n: 7 },
      priority: 'low',
      correlationId: 'c',
      emittedAt: expect.any(Number),
      attempts: 0,
    });
    const { emitted, consumers, deadLetters, size } = stage.bus.readings();
    expect(emitted).toBe(consumers[0]!.done + deadLetters.total + left[0]!.length);
    expect(size).toBe(0);
    expect(warn.mock.calls.map(([line]) => String(line))).toEqual([
      'The event bus shuts down with 4 events not handled, onLeftover gets them: "stuck" 4.',
    ]);
  });

  it.each([
    ['throws', () => Promise.reject(new Error('secret')), /onLeftover failed/],
    ['throws at once', () => thrower(), /onLeftover failed/],
    ['hangs', () => new Promise(() => undefined), /has not finished within 5 s/],
  ])('is not held up by an onLeftover that %s', async (_, onLeftover, line) => {
    const stage = await started({ onLeftover });
    stage.bus.register('stuck', NEVER);
    await stage.bus.emit('stuck', 1);
    await stage.end();
    expect(stage.bus.readings().phase).toBe('stopped');
    const lines = error.mock.calls.map(([text]) => String(text));
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(lines[0]).not.toMatch(/secret/);
  });

  it('does not wait for good for threads that do not get ready', async () => {
    const threads = { ...oneAtATime(), module: 'hangs.js' };
    const booting: FakeThread[] = [];
    const startThread = (start: ThreadStart): FakeThread => {
      booting.push(new FakeThread(start));
      return booting.at(-1) as FakeThread;
    };
    const stage = staged({ workerCount: 2, threads }, { startThread });
    const starting = stage.bus.initialize();
    while (booting.length === 0) await nextTurn();
    await stage.end();
    await starting;
    expect(booting.map(({ terminated, heard }) => [terminated, heard])).toEqual([
      [true, [{ kind: 'stop', withinMs: 5_000 }]],
    ]);
  });

  it('before the start, and while it starts, ends it too', async () => {
    const early = staged();
    await early.bus.shutdown();
    await expect(early.bus.initialize()).rejects.toThrow(/shutting down/);
    const during = staged();
    const starting = during.bus.initialize();
    await during.end();
    await starting;
    expect(during.bus.readings().phase).toBe('stopped');
    await expect(during.bus.emit('seen', 1)).rejects.toThrow(/shutting down/);
  });
});

function thrower(): never {
  throw new Error('secret');
}
