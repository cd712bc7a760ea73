import { Logger } from '@nestjs/common';
import { BusStage } from '../../../../test/support/event-bus-stage.js';
import type { EventBusSettings } from '../../configuration/event-bus-settings.js';
import {
  EventBufferFullError,
  EventBusClosedError,
  EventNotSerializableError,
  EventTooLargeError,
} from '../../events/errors.js';
import type { EventContext, EventOptions } from '../../events/event-words.js';

const NEVER = { handle: () => new Promise(() => undefined) };
let stages: BusStage[] = [];

async function started(given: Partial<EventBusSettings> = {}): Promise<BusStage> {
  const stage = new BusStage(given);
  stages.push(stage);
  await stage.bus.initialize();
  return stage;
}

afterEach(async () => {
  const ended = stages.map((stage) => stage.end());
  stages = [];
  await Promise.all(ended);
});

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

describe('what an event carries', () => {
  it('is JSON of the moment of the call', async () => {
    const { bus, settled } = await withSeen();
    const payload = { at: new Date(0), name: 'before', gone: undefined, list: [Number.NaN] };
    const emitted = bus.emit('seen', payload);
    payload.name = 'after';
    await emitted;
    expect(await settled()).toEqual([{ at: '1970-01-01T00:00:00.000Z', name: 'before', list: [null] }]);
  });

  it('may be anything that JSON says, null and bare values too', async () => {
    const { bus, settled } = await withSeen();
    for (const payload of [null, 0, '', false, [], { __proto__: null }]) await bus.emit('seen', payload);
    expect(await settled()).toEqual([null, 0, '', false, [], {}]);
  });

  const cycle: Record<string, unknown> = { secretName: 1 };
  cycle.secretKey = [cycle];
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  it.each([
    ['undefined', undefined, /is undefined; null/],
    ['a function', () => 1, /a function/],
    ['a symbol', Symbol('secretName'), /a symbol/],
    ['a bigint', { deep: [{ secretName: 7n }] }, /a bigint/],
    ['a cycle', cycle, /itself \(a cycle\)/],
    ['toJSON that returns nothing', { toJSON: () => undefined }, /toJSON\(\) returns nothing/],
    ['too deep', JSON.parse(deep) as unknown, /nested too deeply/],
  ])('is refused as %s, quoting nothing of it', async (_, payload, reason) => {
    const { bus } = await started();
    bus.register('seen', NEVER);
    const emitted = bus.emit('seen', payload);
    await expect(emitted).rejects.toThrow(EventNotSerializableError);
    await expect(emitted).rejects.toThrow(reason);
    await expect(emitted).rejects.not.toThrow(/secret/);
    expect(bus.readings()).toMatchObject({ size: 0, emitted: 0 });
  });

  it.each([
    ['toJSON', { toJSON: () => thrower() }],
    ['a getter', Object.defineProperty({}, 'x', { enumerable: true, get: () => thrower() })],
  ])('is refused when %s throws, and the error is the cause', async (_, payload) => {
    const { bus } = await started();
    bus.register('seen', NEVER);
    await expect(bus.emit('seen', payload)).rejects.toMatchObject({
      code: 'EVENT_NOT_SERIALIZABLE',
      cause: expect.objectContaining({ message: 'mine' }),
    });
  });

  it('is measured in bytes of UTF-8, and refused with both numbers', async () => {
    const { bus } = await started({ maxEventSize: 100 });
    bus.register('seen', NEVER);
    await bus.emit('seen', 'x'.repeat(98));
    // 24 times four bytes, and two quotes: 50 by length.
    await bus.emit('seen', '😀'.repeat(24));
    const large = bus.emit('seen', '😀'.repeat(25));
    await expect(large).rejects.toThrow(EventTooLargeError);
    await expect(large).rejects.toMatchObject({ size: 102, limit: 100, type: 'seen' });
    expect(bus.readings().size).toBe(2);
  });
});

function thrower(): never {
  throw new RangeError('mine');
}

async function withSeen(
  given: Partial<EventBusSettings> = {},
): Promise<{ bus: BusStage['bus']; settled: () => Promise<unknown[]>; contexts: EventContext[] }> {
  const stage = await started(given);
  const seen: unknown[] = [];
  const contexts: EventContext[] = [];
  stage.bus.register('seen', {
    handle: ({ payload }, context) => {
      seen.push(payload);
      contexts.push(context);
    },
  });
  const settled = async (): Promise<unknown[]> => {
    await stage.settled();
    return seen;
  };
  return { bus: stage.bus, settled, contexts };
}

describe('what emits are refused for', () => {
  it.each<[unknown, unknown, RegExp]>([
    ['', undefined, /emitEvent\(\): type must be/],
    [7, undefined, /type must be/],
    ['user.*', undefined, /wildcards/],
    ['seen', { priority: 'high' }, /priority must be one of/],
    ['seen', { priority: 'Critical' }, /did you mean "critical"/],
    ['seen', { prioritty: 'low' }, /Did you mean "priority"/],
    ['seen', { correlationId: '' }, /correlationId must be/],
    ['seen', { correlationId: 'x'.repeat(256) }, /correlationId must be/],
    ['seen', null, /options must be/],
    ['seen', 'critical', /options must be/],
  ])('wrong arguments: %p with %p', async (type, options, message) => {
    const { bus } = await started();
    bus.register('seen', NEVER);
    const emitted = bus.emit(type as string, {}, options as EventOptions);
    await expect(emitted).rejects.toThrow(TypeError);
    await expect(emitted).rejects.toThrow(message);
    expect(bus.readings()).toMatchObject({ size: 0, unhandled: 0 });
  });

  it('before it has started, while it stops, and after', async () => {
    const stage = new BusStage();
    stage.bus.register('seen', NEVER);
    await expect(stage.bus.emit('seen', 1)).rejects.toThrow(/has not started/);
    await stage.bus.initialize();
    await stage.bus.emit('seen', 1);
    const ended = stage.end();
    await expect(stage.bus.emit('seen', 1)).rejects.toThrow(EventBusClosedError);
    await ended;
    await expect(stage.bus.emit('seen', 1)).rejects.toThrow(/shutting down/);
    await expect(stage.bus.initialize()).rejects.toThrow(EventBusClosedError);
  });
});

it('a type that nobody handles resolves, is counted, and told of once, with what may be meant', async () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const { bus } = await started();
  bus.register('user.registered', NEVER);
  for (let count = 0; count < 3; count += 1) {
    expect(await bus.emit('user.registred', {})).toMatch(/^[0-9a-f]{12}-\w+$/);
  }
  expect(bus.readings()).toMatchObject({ unhandled: 3, emitted: 0, size: 0 });
  expect(warn.mock.calls.map(([line]) => line)).toEqual([
    'Nobody handles events of type "user.registred": they are dropped. Did you mean "user.registered"?',
  ]);
  for (let count = 0; count < 400; count += 1) await bus.emit(`made.up.${count}`, {});
  expect(warn.mock.calls.length).toBeLessThan(210);
  warn.mockRestore();
});

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
    expect(bus.readings()).toMatchObject({ waitingEmits: 1, refused: 0 });
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

function oneAtATime(): EventBusSettings['threads'] {
  return { module: null, concurrency: 1, handlerTimeoutMs: 30_000, execArgv: [] };
}

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
    await clock.advance(1_020);
    expect(emitted).toHaveLength(10);
    await clock.advance(1_020);
    expect(emitted).toEqual(Array.from({ length: 12 }, (_, count) => count));
  });
});

describe('the correlation id', () => {
  it('is the option, else that of the event being handled, else what the host says, else the id', async () => {
    let said: unknown = 'of the host';
    const stage = await started({ correlationId: () => said as string });
    const { bus } = stage;
    const ids: string[] = [];
    bus.register('seen', { handle: (_, { correlationId }) => void ids.push(correlationId) });
    bus.register('outer', { handle: () => bus.emit('seen', 1) });
    await bus.emit('seen', 1, { correlationId: 'option' });
    await bus.emit('seen', 1);
    await bus.emit('outer', 1, { correlationId: 'of the outer' });
    await stage.settled();
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    said = undefined;
    const id = await bus.emit('seen', 1);
    said = { no: 'id' };
    const second = await bus.emit('seen', 1);
    await stage.settled();
    expect(ids).toEqual(['option', 'of the host', 'of the outer', id, second]);
    expect(error).toHaveBeenCalledTimes(1);
    error.mockRestore();
  });

  it('and what the host carries travel along; code of the host that fails costs no event', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    let carry: () => unknown = () => ({ tenant: 7 });
    const { bus, settled, contexts } = await withSeen({ carry: () => carry() });
    await bus.emit('seen', 1);
    carry = thrower;
    await bus.emit('seen', 2);
    carry = () => ({ big: 1n });
    await bus.emit('seen', 3);
    carry = () => 'x'.repeat(10_000);
    await bus.emit('seen', 4);
    expect(await settled()).toEqual([1, 2, 3, 4]);
    expect(contexts.map(({ carried }) => carried)).toEqual([{ tenant: 7 }, undefined, undefined, undefined]);
    error.mockRestore();
  });
});
