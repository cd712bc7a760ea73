import 'reflect-metadata';
import { getMaxListeners } from 'node:events';
import type { MessageQueueError } from '../../kernel/errors.js';
import { CancelledError, ErasedError, LockLostError, ShutdownError } from '../jobs/errors.js';
import type { Settlement } from '../jobs/settlement.js';
import {
  definition,
  Stage,
  failed,
  untilAborted,
  latch,
} from '../../../test/support/job-executor-fixture.js';
import type { Handle, Failed } from '../../../test/support/job-executor-fixture.js';

describe('a run that is told to stop', () => {
  const stopped = async (
    reason: MessageQueueError,
    handle: Handle = untilAborted,
  ): Promise<[Settlement, Stage]> => {
    const stage = new Stage();
    stage.handle = handle;
    const outcome = stage.run();
    await stage.clock.advance(10);
    stage.taken.abort(reason);
    return [await outcome, stage];
  };

  it('lets any number of calls hear its signal, without a warning of Node', async () => {
    const most: number[] = [];
    const outcome = stopped(new ShutdownError('bye'), (payload, context) => {
      most.push(getMaxListeners(context.signal));
      return untilAborted(payload, context);
    });
    await outcome;
    expect(most).toEqual([Infinity]);
  });

  it('is abandoned when its lock is lost, whatever it returns, and nothing is told', async () => {
    const [settlement, stage] = await stopped(new LockLostError('lost'));
    expect(settlement).toEqual({ kind: 'abandoned' });
    expect(stage.heardNames).toEqual(['active']);
  });

  it('ends failed for good when it was cancelled', async () => {
    const reason = new CancelledError('user left');
    const [settlement, stage] = await stopped(reason);
    expect(settlement).toMatchObject({ kind: 'failed', error: reason, retryDelayMs: null });
    expect((settlement as Failed).failure).toMatchObject({ kind: 'cancelled', error: 'JOB_CANCELLED' });
    expect(stage.heardNames).toEqual(['active', 'failed', 'cancelled']);
    expect(stage.heard.at(-1)?.[1]).toMatchObject({ reason: 'user left' });
  });

  it.each<[how: string, handle: Handle]>([
    ['rejects', untilAborted],
    [
      'returns',
      (_payload, { signal }) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve('all'))),
    ],
  ])('ends as shredded when what it is about was erased, although its handler %s', async (_how, handle) => {
    const [settlement, stage] = await stopped(new ErasedError('gone'), handle);
    expect(settlement).toMatchObject({
      kind: 'completed',
      ended: 'shredded',
      result: { json: '{"mq:ended":"shredded"}' },
    });
    expect(stage.heardNames).toEqual(['active', 'shredded']);
    expect(stage.lines.join()).toContain('Shredded: what it was about was erased');
  });

  it('ends as shredded when its handler finds that what it is about was erased', async () => {
    const stage = new Stage();
    stage.handle = () => Promise.reject(new ErasedError('gone'));
    expect(await stage.run()).toMatchObject({ kind: 'completed', ended: 'shredded' });
    expect(stage.heardNames).toEqual(['active', 'shredded']);
  });

  it('ends as shredded although it has timed out before', async () => {
    const stage = new Stage();
    const later = latch();
    stage.handle = () => later.promise;
    const outcome = stage.run();
    await stage.clock.advance(5_000);
    stage.taken.abort(new ErasedError('gone'));
    later.resolve(undefined);
    expect(await outcome).toMatchObject({ kind: 'completed', ended: 'shredded' });
  });

  it('is handed back at shutdown, without an attempt', async () => {
    expect((await stopped(new ShutdownError('bye')))[0]).toEqual({ kind: 'handed-back' });
  });

  it('is handed back at shutdown even if its handler then takes longer than its timeout', async () => {
    const stage = new Stage();
    const later = latch();
    stage.handle = () => later.promise;
    const outcome = stage.run();
    await stage.clock.advance(10);
    stage.taken.abort(new ShutdownError('bye'));
    await stage.clock.advance(5000);
    later.resolve(undefined);
    expect(await outcome).toEqual({ kind: 'handed-back' });
  });

  it('does not complete when its handler returns quietly: it may have stopped half-way', async () => {
    const quiet: Handle = (_payload, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve('half'), { once: true });
      });
    expect((await stopped(new ShutdownError('bye'), quiet))[0]).toEqual({ kind: 'handed-back' });
  });

  it('does not call the handler when it was told before it started', async () => {
    const stage = new Stage();
    let called = false;
    stage.handle = async () => (called = true);
    const taken = stage.take();
    taken.abort(new ShutdownError('bye'));
    expect(await stage.executor.run(taken, definition)).toEqual({ kind: 'handed-back' });
    expect(called).toBe(false);
    expect(stage.heardNames).toEqual([]);
  });

  it('does not call the handler when it was told during validation', async () => {
    const stage = new Stage();
    let called = false;
    stage.handle = async () => (called = true);
    // Not what a broker stores, so that the libraries are asked, which take a moment.
    const outcome = stage.run({ data: Object.assign(Object.create(null) as object, { text: 'hi' }) });
    stage.taken.abort(new CancelledError('now'));
    expect((await failed(outcome)).failure.kind).toBe('cancelled');
    expect(called).toBe(false);
  });

  it('lets a lost lock beat a cancellation or timeout that came first, and a timeout beat a later shutdown', async () => {
    const late = async (reason: MessageQueueError): Promise<Settlement> => {
      const stage = new Stage();
      const later = latch();
      stage.handle = () => later.promise;
      const outcome = stage.run();
      await stage.clock.advance(1000);
      stage.taken.abort(reason);
      later.resolve(undefined);
      return outcome;
    };
    expect(await late(new LockLostError('lost'))).toEqual({ kind: 'abandoned' });
    expect(await late(new CancelledError('c'))).toMatchObject({ failure: { kind: 'cancelled' } });
    expect(await late(new ShutdownError('s'))).toMatchObject({ failure: { kind: 'timeout' } });
  });
});
