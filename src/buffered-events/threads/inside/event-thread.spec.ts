import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventThreadStage } from '../../../../test/support/event-thread-stage.js';
import type { Said } from '../../../../test/support/event-thread-stage.js';
import { errorRecordOf } from '../../consume/error-record.js';
import { refusalRecordOf } from '../../consume/refusal-record.js';
import { EventBufferFullError } from '../../events/errors.js';

const MODULES = join(__dirname, '../../../../test/support/event-modules');
const ORDERS = join(MODULES, 'orders.module.ts');

describe('a worker thread', () => {
  let stage: EventThreadStage;
  const closedFile = join(mkdtempSync(join(tmpdir(), 'event-thread-')), 'closed');
  const answered = async (nth: number) => {
    const call = await stage.said('emit', nth);
    stage.tell({ kind: 'emitted', call: call.call, id: `answer-${nth}` });
    return { ...call, payload: JSON.parse(call.json) };
  };

  beforeAll(async () => {
    const env = { ORDERS_SECRET: 's3', ORDERS_CLOSED_FILE: closedFile };
    stage = new EventThreadStage(ORDERS, { handlerTimeoutMs: 60_000 }, env);
    await stage.ready();
  });
  afterAll(async () => stage.close());

  it('says what its module handles: decorated, registered by hand, or in the app', async () => {
    const { handles } = await stage.said('ready');
    expect(handles).toEqual([
      { type: 'order.noted', place: 'threads' },
      ...['placed', 'asked', 'logged', 'failed', 'hangs', 'late'].map((name) => ({
        type: `order.${name}`,
        place: 'threads',
      })),
      { type: 'order.shown', place: 'main' },
    ]);
  });

  it('runs handlers with their providers, their event and its surroundings, and emits through the app', async () => {
    stage.emit('order.placed', { article: 'tea' }, { correlationId: 'c-1', carried: '{"tenant":"t"}' });
    const { payload, type, options, carried } = await answered(0);
    expect(payload).toEqual({
      taken: 'one tea',
      id: 'bus-1',
      current: 'bus-1',
      correlationId: 'c-1',
      carried: { tenant: 't' },
    });
    expect({ type, options, carried }).toEqual({
      type: 'said.placed',
      options: { correlationId: 'c-1' },
      carried: '{"tenant":"t"}',
    });
    await stage.handled();
    expect(stage.buffer.cells(1)).toMatchObject({ done: 1, failed: 0 });
  });

  it('has the environment and the configuration of the app', async () => {
    stage.emit('order.asked');
    expect((await answered(1)).payload).toEqual({ secret: 's3', isThread: true });
    await stage.handled();
  });

  it('runs what was registered by hand while it booted, and refuses what comes later', async () => {
    stage.emit('order.noted', { note: 'x' });
    expect((await answered(2)).payload).toMatchObject({ note: 'x', type: 'order.noted' });
    await stage.handled();
    stage.emit('order.late');
    expect((await stage.said('failed')).error).toMatchObject({
      name: 'EventHandlerRegistrationError',
      message: expect.stringContaining('came after its worker thread had booted'),
    });
    expect(stage.buffer.hold((await stage.said('failed')) as never)).toBe(true);
    stage.buffer.free((await stage.said('failed')).slot);
  });

  it('reports what a handler threw, whole, and holds the event until the app decides', async () => {
    stage.emit('order.failed');
    const { error, slot, generation } = await stage.said('failed', 1);
    expect(error).toEqual({
      name: 'RangeError',
      message: 'no such order',
      code: 'EORDER',
      stack: expect.stringContaining('orders.module.ts'),
      cause: expect.objectContaining({ message: 'deeper' }),
    });
    expect(stage.buffer.size).toBe(1);
    expect(stage.buffer.hold({ slot, generation })).toBe(true);
    stage.buffer.free(slot);
  });

  it('rejects an emit with the error that the app refused it with', async () => {
    stage.emit('order.placed', { article: 'tea' });
    const { call } = await stage.said('emit', 3);
    const full = new EventBufferFullError('said.placed', 'memory', 20);
    stage.tell({ kind: 'emitted', call, error: refusalRecordOf(full) });
    const { error, slot } = await stage.said('failed', 2);
    const { stack: _, ...expected } = errorRecordOf(full);
    expect(error).toMatchObject(expected);
    expect(stage.buffer.free(slot)).toBe(true);
  });

  it('logs through the app', async () => {
    const before = stage.heard.filter(({ kind }) => kind === 'log').length;
    stage.emit('order.logged');
    expect(await stage.said('log', before)).toEqual({
      kind: 'log',
      level: 'warn',
      values: ['an order', 'Orders'],
    });
    expect(await stage.said('log', before + 1)).toEqual({
      kind: 'log',
      level: 'log',
      values: [expect.stringContaining('structured: true'), expect.stringContaining('Function'), 'Orders'],
    });
    // What Nest says of each start is nothing that an app wants to read once per thread.
    const ofStart = stage.heard.slice(0, 3) as Said<'log'>[];
    expect(ofStart.map(({ level }) => level)).toEqual(['debug', 'debug', 'debug']);
    await stage.handled();
  });

  it('runs a suspect alone, after what it runs and before what waits; and beats', async () => {
    const cells = stage.buffer.cells(1);
    const { beats } = cells;
    stage.emit('order.failed');
    const failed = await stage.said('failed', 3);
    expect(stage.buffer.hold(failed)).toBe(true);
    stage.emit('order.noted', { note: 'before' });
    const before = await stage.said('emit', 4);
    stage.buffer.ready(failed.slot, 'suspects', 'threads');
    stage.ring();
    stage.emit('order.noted', { note: 'after' });
    await stage.wait();
    expect([cells.alone, cells.running]).toEqual([-1, 1]);
    stage.tell({ kind: 'emitted', call: before.call, id: 'x' });
    const again = await stage.said('failed', 4);
    expect(again.slot).toBe(failed.slot);
    const after = await stage.said('emit', 5);
    expect(stage.heard.indexOf(again)).toBeLessThan(stage.heard.indexOf(after));
    expect(cells.alone).toBe(-1);
    expect(stage.buffer.hold(again) && stage.buffer.free(again.slot)).toBe(true);
    stage.tell({ kind: 'emitted', call: after.call, id: 'x' });
    await stage.handled();
    while (cells.beats === beats) await stage.wait();
  });

  it('stops: tells what runs when its time is nearly over, leaves it to be given out again, closes its module, and ends', async () => {
    stage.emit('order.hangs');
    while (stage.buffer.cells(1).running === 0) await stage.wait();
    stage.tell({ kind: 'stop', withinMs: 100 });
    expect(await stage.exited).toBe(0);
    expect(
      stage.heard.filter((said) => said.kind === 'failed' && said.error.name === 'EventTimeoutError'),
    ).toEqual([]);
    expect(stage.buffer.heldBy(1)).toHaveLength(1);
    expect(readFileSync(closedFile, 'utf8')).toBe('closed');
    expect(stage.thrown).toBeUndefined();
  });
});

it('calls for help when it dozed, and takes up less than it finds', async () => {
  const stage = new EventThreadStage(ORDERS, { concurrency: 1 });
  await stage.ready();
  const cells = stage.buffer.cells(1);
  while (!cells.dozing) {
    stage.emit('order.logged');
    await stage.handled();
  }
  stage.store('order.hangs');
  stage.store('order.logged');
  await stage.said('behind');
  expect(cells.running).toBe(1);
  await stage.close();
});

it('ends by itself when it is told to while it boots', async () => {
  const stage = new EventThreadStage(ORDERS);
  stage.tell({ kind: 'stop', withinMs: 60_000 });
  expect(await stage.exited).toBe(0);
  expect(stage.thrown).toBeUndefined();
});

describe('a worker thread that cannot boot', () => {
  it.each([
    ['failing.module.ts', { name: 'RangeError', message: 'the boot of a host failed' }],
    [
      'none.module.ts',
      { name: 'EventThreadStartError', message: expect.stringContaining('exports no class with @Module()') },
    ],
  ])('says why and ends: %s', async (file, error) => {
    const stage = new EventThreadStage(join(MODULES, file));
    expect((await stage.said('boot-failed')).error).toMatchObject(error);
    expect(await stage.exited).toBe(1);
    expect(stage.thrown).toBeUndefined();
  });
});
