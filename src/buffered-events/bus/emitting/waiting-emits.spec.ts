import { busStages } from '../../../../test/support/event-bus-stage.js';
import type { EventBusSettings } from '../../configuration/event-bus-settings.js';
import { EventBufferFullError, EventBusClosedError } from '../../events/errors.js';

const NEVER = { handle: () => new Promise(() => undefined) };
const { started } = busStages();

function performanceOf(maxInputRate: number): Pick<EventBusSettings, 'performance'> {
  return {
    performance: {
      maxInputRate,
      targetProcessingRate: null,
      maxMainThreadImpact: null,
      maxQueueLatency: null,
    },
  };
}

function oneAtATime(): EventBusSettings['threads'] {
  return { module: null, concurrency: 1, handlerTimeoutMs: 30_000, execArgv: [] };
}

describe('a full buffer', () => {
  it('refuses at once by default, leaves the last tenth to critical events, and runs nothing in the caller', async () => {
    const { bus } = await started({ maxQueueSize: 20, threads: oneAtATime() });
    let calls = 0;
    bus.register('seen', { handle: () => void (calls += 1) });
    const normal = Array.from({ length: 18 }, () => bus.emit('seen', 1));
    await expect(bus.emit('seen', 1)).rejects.toMatchObject({
      code: 'EVENT_BUFFER_FULL',
      reason: 'events',
      waitedMs: 0,
    });
    await expect(bus.emit('seen', 1, { priority: 'low' })).rejects.toThrow(EventBufferFullError);
    const critical = [1, 2].map(() => bus.emit('seen', 1, { priority: 'critical' }));
    await expect(bus.emit('seen', 1, { priority: 'critical' })).rejects.toThrow(/maxQueueSize/);
    await Promise.all([...normal, ...critical]);
    expect(calls).toBe(0);
    expect(bus.readings()).toMatchObject({ refused: 3, emitted: 20, full: true });
  });

  it('is full while an emit waits for memory, whatever waits behind it', async () => {
    const stage = await started({ maxMemoryMB: 1, whenFull: { waitMs: 500 }, ...performanceOf(1_000) });
    const { bus } = stage;
    bus.register('seen', NEVER);
    const payload = 'x'.repeat(5_000);
    const emits = Array.from({ length: 500 }, () => bus.emit('seen', payload));
    const settled = Promise.allSettled(emits);
    expect(bus.readings().memoryUsage).toBeLessThan(1);
    expect(bus.readings().full).toBe(true);
    await stage.clock.advance(1_000);
    await settled;
  });

  it('says when it is memory that is missing', async () => {
    const { bus } = await started({ maxMemoryMB: 1, maxQueueSize: 1_000 });
    bus.register('seen', NEVER);
    const payload = 'x'.repeat(5_000);
    const results = await Promise.allSettled(Array.from({ length: 500 }, () => bus.emit('seen', payload)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ reason: 'memory' });
  });

  it('lets emits wait in order where that is configured, critical ones first', async () => {
    const stage = await started({
      maxQueueSize: 10,
      whenFull: { waitMs: 500 },
      threads: oneAtATime(),
    });
    const { bus } = stage;
    const ends: (() => void)[] = [];
    const order: number[] = [];
    bus.register('seen', {
      handle: ({ payload }) => {
        order.push(payload);
        return new Promise<void>((resolve) => void ends.push(resolve));
      },
    });
    for (let number = 0; number < 9; number += 1) await bus.emit('seen', number);
    await bus.emit('seen', 9, { priority: 'critical' });
    const stored: number[] = [];
    const late = [10, 11, 12].map((number) => bus.emit('seen', number).then(() => stored.push(number)));
    const critical = bus.emit('seen', 13, { priority: 'critical' }).then(() => stored.push(13));
    expect(bus.readings().waitingEmits).toBe(4);
    while (order.length < 14) {
      await stage.until(() => ends.length > 0);
      ends.shift()?.();
    }
    ends.shift()?.();
    await Promise.all([...late, critical]);
    expect(stored).toEqual([13, 10, 11, 12]);
    expect(bus.readings().refused).toBe(0);
  });

  it('refuses those who waited long enough, and says how long', async () => {
    const stage = await started({ maxQueueSize: 10, whenFull: { waitMs: 500 } });
    const { bus, clock } = stage;
    bus.register('seen', NEVER);
    for (let number = 0; number < 9; number += 1) await bus.emit('seen', number);
    const late = bus.emit('seen', 9);
    late.catch(() => undefined);
    await clock.advance(499);
    expect(bus.readings()).toMatchObject({ waitingEmits: 1, refused: 0, full: true });
    await clock.advance(1);
    await expect(late).rejects.toMatchObject({ reason: 'events', waitedMs: 500 });
    expect(bus.readings()).toMatchObject({ waitingEmits: 0, refused: 1 });
  });

  it('lets no more wait than fit in it: they hold their payloads on the heap', async () => {
    const { bus } = await started({ maxQueueSize: 10, whenFull: { waitMs: 500 } });
    bus.register('seen', NEVER);
    for (let number = 0; number < 9; number += 1) await bus.emit('seen', number);
    for (let number = 0; number < 10; number += 1) bus.emit('seen', number).catch(() => undefined);
    await expect(bus.emit('seen', 7)).rejects.toMatchObject({ waitedMs: 0 });
  });

  it('refuses those who wait when it shuts down', async () => {
    const stage = await started({ maxQueueSize: 10, whenFull: { waitMs: 60_000 } });
    stage.bus.register('seen', NEVER);
    for (let number = 0; number < 9; number += 1) await stage.bus.emit('seen', number);
    const late = stage.bus.emit('seen', 9);
    const ended = stage.end();
    await expect(late).rejects.toThrow(EventBusClosedError);
    await ended;
  });
});

describe('maxInputRate', () => {
  it('is a limit over any second, and its excess is like full', async () => {
    const { bus, clock } = await started(performanceOf(5));
    bus.register('seen', { handle: () => undefined });
    for (let count = 0; count < 5; count += 1) await bus.emit('seen', count);
    await expect(bus.emit('seen', 5)).rejects.toMatchObject({ code: 'EVENT_BUFFER_FULL', reason: 'rate' });
    await clock.advance(990);
    await expect(bus.emit('seen', 5)).rejects.toThrow(/maxInputRate/);
    await clock.advance(30);
    await bus.emit('seen', 5);
  });

  it('lets the excess wait where that is configured', async () => {
    const { bus, clock } = await started({ ...performanceOf(5), whenFull: { waitMs: 5_000 } });
    bus.register('seen', { handle: () => undefined });
    const emitted: number[] = [];
    for (let count = 0; count < 12; count += 1) void bus.emit('seen', count).then(() => emitted.push(count));
    await clock.advance(0);
    expect(emitted).toEqual([0, 1, 2, 3, 4]);
    // There is room: nothing that a larger buffer would mend.
    expect(bus.readings()).toMatchObject({ waitingEmits: 7, full: false });
    await clock.advance(1_020);
    expect(emitted).toHaveLength(10);
    await clock.advance(1_020);
    expect(emitted).toEqual(Array.from({ length: 12 }, (_, count) => count));
  });
});
