import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredEvent } from '../buffer/buffer-words.js';
import type { EventContext } from '../events/event-words.js';
import { currentEvent } from './current-event.js';
import { EventHandlers } from './event-handlers.js';
import { EventRunner } from './event-runner.js';
import { LazySignal } from './lazy-signal.js';

const stored: StoredEvent = {
  slot: 3,
  generation: 1,
  type: 0,
  lane: 0,
  sequence: 71,
  emittedAt: 5.5,
  attempts: 2,
  crashes: 0,
  json: '{"email":"a@b.c"}',
  bytes: 17,
};

type Calls = [event: unknown, context: EventContext][];

function stage(): {
  handlers: EventHandlers;
  run: (event?: Partial<StoredEvent>) => Promise<unknown>;
  calls: Calls;
} {
  const handlers = new EventHandlers();
  const runner = new EventRunner('bus', (type) => ['user.seen', 'other'][type], handlers);
  const calls: Calls = [];
  return {
    handlers,
    calls,
    run: async (event) => runner.run({ ...stored, ...event }, new LazySignal(() => undefined)),
  };
}

test('gives the event with the fields of its payload, and its own names win', async () => {
  const { handlers, run, calls } = stage();
  handlers.add('user.seen', { handle: (...given) => void calls.push(given) });
  const payload = { email: 'a@b.c', type: 'x', payload: 'y', correlationId: 'z' };
  await run({ json: JSON.stringify(payload), correlationId: 'c-1', carried: '{"tenant":"t"}' });
  const [event, context] = calls[0]!;
  expect(event).toEqual({ email: 'a@b.c', type: 'user.seen', payload, correlationId: 'c-1' });
  expect(context).toMatchObject({
    id: 'bus-1z',
    type: 'user.seen',
    priority: 'critical',
    attempt: 3,
    emittedAt: 5.5,
  });
  expect(context.correlationId).toBe('c-1');
  expect(context.carried).toEqual({ tenant: 't' });
  expect(context.carried).toBe(context.carried);
  expect(context.signal.aborted).toBe(false);
});

test.each(['null', '5', '"text"', '[1,2]', 'true'])(
  'takes a payload of any kind of JSON: %s',
  async (json) => {
    const { handlers, run, calls } = stage();
    handlers.add('user.seen', { handle: (...given) => void calls.push(given) });
    await run({ json });
    expect(calls[0]![0]).toEqual({ type: 'user.seen', payload: JSON.parse(json), correlationId: 'bus-1z' });
    expect(calls[0]![1].carried).toBeUndefined();
  },
);

test('a payload cannot give the event another prototype', async () => {
  const { handlers, run, calls } = stage();
  handlers.add('user.seen', { handle: (...given) => void calls.push(given) });
  await run({ json: '{"__proto__":{"isAdmin":true}}' });
  expect((calls[0]![0] as { isAdmin?: boolean }).isAdmin).toBeUndefined();
});

test('calls handlers one after the other, in order; the first that fails fails the event', async () => {
  const { handlers, run } = stage();
  const seen: string[] = [];
  const named = (name: string, fails = false) => ({
    handle: async () => {
      seen.push(`${name} begins`);
      await nextTurn();
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
    },
  });
  for (const handler of [named('a'), named('b', true), named('c')]) handlers.add('user.seen', handler);
  await expect(run()).rejects.toThrow('b');
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('a handler that throws at once fails the event too', async () => {
  const { handlers, run } = stage();
  handlers.add('user.seen', {
    handle: () => {
      throw new RangeError('at once');
    },
  });
  await expect(run()).rejects.toThrow(RangeError);
});

test('an event that came to the wrong place fails with the reason', async () => {
  await expect(stage().run({ type: 1 })).rejects.toThrow(/"other" came to a thread that has no handler/);
  await expect(stage().run({ type: 9 })).rejects.toThrow(/"9" came to a thread/);
});

test('the current event is known however deep, and nowhere else', async () => {
  const { handlers, run } = stage();
  const seen: (string | undefined)[] = [];
  handlers.add('user.seen', {
    handle: async () => {
      await nextTurn();
      seen.push(currentEvent()?.id);
    },
  });
  expect(currentEvent()).toBeUndefined();
  await Promise.all([run(), run({ sequence: 72 })]);
  expect(seen).toEqual(['bus-1z', 'bus-20']);
  expect(currentEvent()).toBeUndefined();
});

test('nothing of the emitter, nor of another event, is in a handler’s context', async () => {
  const { handlers, run } = stage();
  const request = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  handlers.add('user.seen', {
    handle: () => {
      seen.push(request.getStore());
      request.enterWith('left behind');
    },
  });
  await request.run('request-1', async () => {
    await run();
    await run();
  });
  await run();
  expect(seen).toEqual([undefined, undefined, undefined]);
});

test('begins no further handler once the run was told to stop', async () => {
  const { handlers, calls } = stage();
  const runner = new EventRunner('bus', () => 'user.seen', handlers);
  const signal = new LazySignal(() => undefined);
  const late = new Error('It took too long.');
  handlers.add('user.seen', {
    handle: async () => {
      await nextTurn();
      signal.abort(late);
    },
  });
  handlers.add('user.seen', { handle: (event, context) => calls.push([event, context]) });
  await expect(runner.run(stored, signal)).rejects.toBe(late);
  expect(calls).toEqual([]);
});
