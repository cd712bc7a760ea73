import { ManualClock } from '../../kernel/time/manual-clock.js';
import { busSettings } from '../../../test/support/event-bus-stage.js';
import { EventBusClosedError, EventNotSerializableError, EventTimeoutError } from '../events/errors.js';
import { settlesWithin } from '../../kernel/time/settles-within.js';
import type { ModuleHere } from './app-handlers.js';
import { DirectBus } from './direct-bus.js';

class MyError extends Error {}

async function started(clock = new ManualClock()): Promise<DirectBus> {
  const bus = new DirectBus({
    settings: busSettings({ enabled: false, maxEventSize: 100 }),
    clock,
    bootModuleHere: null,
  });
  await bus.initialize();
  return bus;
}

it('an emit runs its handlers in order before it resolves, with the same form of event', async () => {
  const bus = await started();
  const seen: unknown[] = [];
  bus.register('seen', {
    handle: async (event, { id, attempt, priority }) => {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(event, { id, attempt, priority });
    },
  });
  bus.register('seen', { handle: () => void seen.push('second') }, 'threads');
  const id = await bus.emit('seen', { at: new Date(0) }, { priority: 'low' });
  expect(seen).toEqual([
    {
      at: '1970-01-01T00:00:00.000Z',
      type: 'seen',
      payload: { at: '1970-01-01T00:00:00.000Z' },
      correlationId: id,
    },
    { id, attempt: 1, priority: 'low' },
    'second',
  ]);
  expect(bus.readings()).toMatchObject({ enabled: false, emittedInLanes: [0, 0, 1], size: 0 });
  expect(bus.readings().consumers[0]).toMatchObject({ done: 1, failed: 0, running: 0 });
});

it('rejects with the very error of the handler, after one run', async () => {
  const bus = await started();
  const thrown = new MyError('mine');
  let runs = 0;
  bus.register('seen', {
    handle: () => {
      runs += 1;
      throw thrown;
    },
  });
  await expect(bus.emit('seen', 1)).rejects.toBe(thrown);
  expect(runs).toBe(1);
  expect(bus.deadLetters()).toEqual([]);
  expect(bus.readings().consumers[0]).toMatchObject({ done: 0, failed: 1 });
});

it('refuses what the buffered bus refuses', async () => {
  const bus = await started();
  bus.register('seen', { handle: () => undefined });
  await expect(bus.emit('seen', 1n)).rejects.toThrow(EventNotSerializableError);
  await expect(bus.emit('seen', 'x'.repeat(99))).rejects.toMatchObject({ size: 101, limit: 100 });
  await expect(bus.emit('', 1)).rejects.toThrow(TypeError);
  await expect(bus.emit('seen', 1, { priority: 'hi' as never })).rejects.toThrow(TypeError);
});

it('keeps no caller longer than handlerTimeoutMs', async () => {
  const clock = new ManualClock();
  const bus = await started(clock);
  let aborted: unknown;
  bus.register('seen', {
    handle: (_, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => (aborted = signal.reason))),
  });
  const emitted = bus.emit('seen', 1);
  emitted.catch(() => undefined);
  await clock.advance(30_000);
  await expect(emitted).rejects.toThrow(EventTimeoutError);
  expect(aborted).toBeInstanceOf(EventTimeoutError);
});

it('is closed before its start and after its end, which waits for what runs', async () => {
  const clock = new ManualClock();
  const bus = new DirectBus({ settings: busSettings({ enabled: false }), clock, bootModuleHere: null });
  let release: () => void = () => undefined;
  bus.register('seen', { handle: () => new Promise<void>((resolve) => (release = resolve)) });
  await expect(bus.emit('seen', 1)).rejects.toThrow(EventBusClosedError);
  await bus.initialize();
  const emitted = bus.emit('seen', 1);
  let isOver = false;
  const ended = bus.shutdown().then(() => (isOver = true));
  await clock.advance(50);
  expect(isOver).toBe(false);
  await expect(bus.emit('seen', 1)).rejects.toThrow(/shutting down/);
  release();
  await clock.advance(50);
  await ended;
  await emitted;
});

it('ends though its module still boots, which is closed once it has', async () => {
  let closes = 0;
  let goOn: (module: ModuleHere) => void = () => undefined;
  const bus = new DirectBus({
    settings: busSettings({ enabled: false, gracefulShutdownTimeout: 1 }),
    bootModuleHere: () => new Promise((resolve) => (goOn = resolve)),
  });
  const started = bus.initialize();
  const ended = bus.shutdown();
  await expect(settlesWithin(ended, 4_000)).resolves.toBe(true);
  goOn({ handlers: [], close: () => Promise.resolve(void (closes += 1)) });
  await started;
  expect(closes).toBe(1);
});

it('refuses the same arguments as the buffered bus, though there is nothing to do', async () => {
  const bus = await started();
  for (const count of [-5, 64, 1.5, '2' as never]) {
    await expect(bus.scale(count)).rejects.toThrow(/count must be a whole number from 0 to 63/);
  }
  await bus.scale(2);
  await expect(bus.replayDeadLetters('all' as never)).rejects.toThrow(TypeError);
  await expect(bus.discardDeadLetters('all' as never)).rejects.toThrow(TypeError);
  expect([await bus.replayDeadLetters(() => true), await bus.discardDeadLetters()]).toEqual([0, 0]);
});
