import { Logger } from '@nestjs/common';
import { BusStage, busStages } from '../../../../test/support/event-bus-stage.js';
import { EventBusClosedError, EventNotSerializableError, EventTooLargeError } from '../../events/errors.js';
import type { EventOptions } from '../../events/event-words.js';

const NEVER = { handle: () => new Promise(() => undefined) };
const { started, withSeen } = busStages();

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
