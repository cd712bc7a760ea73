import 'reflect-metadata';
import { JobTimeoutError, UnrecoverableJobError } from '../jobs/errors.js';
import type { ManagedJobOptions } from '../jobs/managed-job.js';
import { SystemClock } from '../../kernel/time/clock.js';
import { CLOCK_STEPS, setClock } from '../../../test/support/set-clock.js';
import { Stage, resultOf, failed, untilAborted, latch } from '../../../test/support/job-executor-fixture.js';

describe('attempts and timeouts', () => {
  const attemptsOf = async (name: string, opts: ManagedJobOptions): Promise<unknown> => {
    const stage = new Stage();
    stage.handle = async (_payload, { maxAttempts, deadline }) => [maxAttempts, deadline - stage.clock.now()];
    return resultOf(await stage.run({ name, opts }));
  };

  it.each<[string, string, ManagedJobOptions, number[]]>([
    ['the queue’s', 'write', { attempts: 3, mq: { defaultAttempts: true } }, [3, 1000]],
    ['the handler’s over the queue’s', 'tuned', { attempts: 3, mq: { defaultAttempts: true } }, [7, 200]],
    ['the job’s own over both', 'tuned', { attempts: 2, mq: { timeoutMs: 50 } }, [2, 50]],
  ])('are %s', async (_whose, name, opts, expected) => {
    expect(await attemptsOf(name, opts)).toEqual(expected);
  });
});

describe('a timeout', () => {
  it('aborts the signal at the deadline with its reason, and spends an attempt', async () => {
    const stage = new Stage();
    let reason: unknown;
    stage.handle = (payload, context) => {
      context.signal.addEventListener('abort', () => (reason = context.signal.reason));
      return untilAborted(payload, context);
    };
    const outcome = failed(stage.run());
    await stage.clock.advance(999);
    expect(reason).toBeUndefined();
    await stage.clock.advance(1);
    expect(reason).toBeInstanceOf(JobTimeoutError);
    expect((reason as Error).message).toContain('NoteProcessor.write ran longer than 1000 ms');
    expect(await outcome).toMatchObject({
      error: reason,
      failure: { kind: 'timeout', error: 'JOB_TIMEOUT', attempt: 1 },
    });
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('is known to a handler that looks at the signal only afterwards', async () => {
    const stage = new Stage();
    const later = latch();
    let reason: unknown;
    stage.handle = async (_payload, context) => {
      await later.promise;
      reason = context.signal.aborted && context.signal.reason;
    };
    const outcome = failed(stage.run());
    await stage.clock.advance(1000);
    later.resolve(undefined);
    expect((await outcome).error).toBe(reason);
    expect(reason).toBeInstanceOf(JobTimeoutError);
  });

  it.each(CLOCK_STEPS)(
    "is left as long as it was when this machine's clock is set %s",
    async (_step, byMs) => {
      const stage = new Stage({ clock: new SystemClock() });
      let reset = (): void => undefined;
      stage.handle = async (_payload, context) => {
        const leftMs = (): number => context.deadline - Date.now();
        const before = leftMs();
        reset = setClock(byMs);
        const lost = before - leftMs();
        // One that began with less than the clock was set by would be over.
        await new Promise((resolve) => setImmediate(resolve));
        return [context.signal.aborted, before > 1_000, lost >= -2 && lost < 30_000];
      };
      try {
        const taken = { opts: { attempts: 3, mq: { timeoutMs: 60_000 } } };
        expect(resultOf(await stage.run(taken))).toEqual([false, true, true]);
      } finally {
        reset();
      }
    },
  );

  it('does not settle the run before its handler has settled, and counts a late success as a failed attempt', async () => {
    const stage = new Stage();
    const later = latch<string>();
    stage.handle = () => later.promise;
    let settled = false;
    const outcome = stage.run().finally(() => (settled = true));
    await stage.clock.advance(60_000);
    expect(settled).toBe(false);
    later.resolve('too late');
    expect(await failed(outcome)).toMatchObject({ failure: { kind: 'timeout' }, retryDelayMs: 0 });
  });

  it('keeps what the handler threw meanwhile as the cause, and still believes an unrecoverable error', async () => {
    const stage = new Stage();
    const thrown = latch<Error>();
    stage.handle = async () => Promise.reject(await thrown.promise);
    const first = failed(stage.run());
    await stage.clock.advance(1000);
    const cause = new Error('connection closed');
    thrown.resolve(cause);
    expect((await first).error).toMatchObject({ code: 'JOB_TIMEOUT', cause });

    const second = latch();
    stage.handle = async () => {
      await second.promise;
      throw new UnrecoverableJobError('hopeless');
    };
    const outcome = failed(stage.run());
    await stage.clock.advance(1000);
    second.resolve(undefined);
    expect(await outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'UNRECOVERABLE_JOB' } });
  });

  it('makes progress() stop a handler', async () => {
    const stage = new Stage();
    const later = latch();
    stage.handle = async (_payload, { progress }) => {
      await later.promise;
      await progress({ percentage: 50 });
      throw new Error('It went on.');
    };
    const outcome = failed(stage.run());
    await stage.clock.advance(1000);
    later.resolve(undefined);
    expect((await outcome).error.cause).toBeUndefined();
    expect(stage.progress).toEqual([]);
  });
});

describe('a handler that ignores its signal', () => {
  it('is stuck after the grace period: logged by name, counted, told, until it settles', async () => {
    const stage = new Stage();
    const later = latch();
    stage.handle = () => later.promise;
    const outcome = stage.run();
    await stage.clock.advance(1499);
    expect(stage.executor.stuckHandlers.current).toEqual([]);
    await stage.clock.advance(1);
    expect(stage.executor.stuckHandlers.current).toEqual([
      expect.objectContaining({ handler: 'NoteProcessor.write', jobId: 'm_1', queue: 'notes' }),
    ]);
    expect(stage.stuck).toEqual(['NoteProcessor.write']);
    expect(stage.lines.join()).toMatch(
      /error NoteProcessor\.write is still running 500 ms after its signal aborted/,
    );
    expect(stage.heard.at(-1)).toEqual(['stuck', expect.objectContaining({ abortedForMs: 500 })]);
    later.resolve(undefined);
    await outcome;
    expect(stage.executor.stuckHandlers.current).toEqual([]);
    expect(stage.executor.stuckHandlers.total).toBe(1);
  });

  it('is not stuck when it settles within the grace period', async () => {
    const stage = new Stage();
    stage.handle = untilAborted;
    const outcome = stage.run();
    await stage.clock.advance(1000);
    await outcome;
    await stage.clock.advance(10_000);
    expect(stage.stuck).toEqual([]);
    expect(stage.clock.pendingTimers).toBe(0);
  });
});
