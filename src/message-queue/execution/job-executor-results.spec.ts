import 'reflect-metadata';
import { LockLostError, UnrecoverableJobError } from '../jobs/errors.js';
import type { JobContext } from '../handlers/job-context.js';
import type { ManagedJobOptions } from '../jobs/managed-job.js';
import { Note, definition, Stage, resultOf, failed } from '../../../test/support/job-executor-fixture.js';

describe('a job that succeeds', () => {
  it('gives its handler a validated payload and a full context, and completes with the result', async () => {
    const stage = new Stage();
    let seen: { payload: Note; context: JobContext } | undefined;
    stage.handle = async (payload, context) => {
      seen = { payload, context };
      return { ok: true, at: new Date(0), gone: undefined };
    };
    const opts: ManagedJobOptions = { mq: { correlationId: 'c-1', metadata: { tenant: 't' } } };
    expect(resultOf(await stage.run({ attemptsMade: 1, opts }))).toEqual({
      ok: true,
      at: '1970-01-01T00:00:00.000Z',
    });
    expect(seen?.payload).toBeInstanceOf(Note);
    const { queue, jobName, jobId, attempt, maxAttempts, correlationId, metadata, deadline } = seen!.context;
    expect({ queue, jobName, jobId, attempt, maxAttempts, correlationId, metadata }).toEqual({
      queue: 'notes',
      jobName: 'write',
      jobId: 'm_1',
      attempt: 2,
      maxAttempts: 3,
      correlationId: 'c-1',
      metadata: { tenant: 't' },
    });
    expect(deadline).toBe(stage.clock.now() + 1000);
    expect(seen?.context.signal.aborted).toBe(false);
    expect(stage.heard).toEqual([
      ['active', { queue: 'notes', job: 'write', jobId: 'm_1', attempt: 2, correlationId: 'c-1' }],
      ['completed', expect.objectContaining({ jobId: 'm_1', durationMs: 0, result: expect.anything() })],
    ]);
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it.each([
    [undefined, null],
    [null, null],
    [false, false],
    [7, 7],
    ['x', 'x'],
  ])('stores %p as %p', async (returned, stored) => {
    const stage = new Stage();
    stage.handle = async () => returned;
    expect(resultOf(await stage.run())).toEqual(stored);
  });

  it('uses the job’s id as correlation id where none was given, and takes a job of a plain Bull producer', async () => {
    const stage = new Stage();
    stage.handle = async (_payload, context) => [
      context.correlationId,
      context.maxAttempts,
      context.metadata,
    ];
    const job = { id: 12 as unknown as string, opts: { attempts: 1 } };
    expect(resultOf(await stage.run(job))).toEqual(['12', 1, {}]);
  });

  it('logs with queue, job, id, attempt and correlation id on the line', async () => {
    const stage = new Stage();
    stage.handle = async (_payload, { logger }) => logger.log('working');
    await stage.run({ opts: { mq: { correlationId: 'line\nbreak' } } });
    expect(stage.lines).toEqual([
      'log working {queue=notes job=write id=m_1 attempt=1/3 correlation="line\\u000abreak"}',
    ]);
  });

  it('stores and tells progress, also with the method taken off the context', async () => {
    const stage = new Stage();
    stage.handle = async (_payload, { progress }) => progress({ percentage: 40, step: 'half' });
    await stage.run();
    expect(stage.progress).toEqual([{ percentage: 40, step: 'half' }]);
    expect(stage.heardNames).toEqual(['active', 'progress', 'completed']);
  });

  it('goes on when progress cannot be stored, and refuses an invalid percentage', async () => {
    const stage = new Stage();
    stage.handle = async (_payload, { progress }) => {
      await progress({ percentage: 5 });
      await expect(progress({ percentage: Number.NaN })).rejects.toThrow(RangeError);
      await expect(progress({ percentage: 101 })).rejects.toThrow(/0 to 100/);
    };
    const taken = stage.take();
    (taken.job as unknown as { progress: unknown }).progress = () => Promise.reject(new Error('no Redis'));
    expect((await stage.executor.run(taken, definition)).kind).toBe('completed');
    expect(stage.lines[0]).toContain('progress could not be stored: Error: no Redis');
  });
});

describe('a result that cannot be stored', () => {
  const circular: unknown[] = [];
  circular.push(circular);

  it.each<[string, unknown]>([
    ['is circular', circular],
    ['holds a bigint', { n: 5n }],
    ['is a function', () => 1],
    ['is larger than 64 KiB', 'x'.repeat(65_536)],
  ])('makes a dead letter at once when it %s: the work must not be repeated for it', async (_why, value) => {
    const stage = new Stage();
    stage.handle = async () => value;
    const { retryDelayMs, error } = await failed(stage.run());
    expect(retryDelayMs).toBeNull();
    expect(error).toBeInstanceOf(UnrecoverableJobError);
    expect(error.message).toContain('result cannot be stored');
  });
});

describe('outcomes and what was stored', () => {
  it('are told only after the broker stored them, and not at all when it could not', async () => {
    const stage = new Stage();
    const taken = stage.take();
    await stage.executor.run(taken, definition);
    expect(stage.heardNames).toEqual(['active']);
    taken.noteStored(true);
    taken.noteStored(false);
    expect(stage.heardNames).toEqual(['active', 'completed']);

    const lost = stage.take();
    await stage.executor.run(lost, definition);
    lost.noteStored(false);
    expect(stage.heardNames).toEqual(['active', 'completed', 'active']);
  });

  it('are logged for an abandoned run, although nothing of it is stored', async () => {
    const stage = new Stage();
    const taken = stage.take();
    taken.abort(new LockLostError('lost'));
    expect(await stage.executor.run(taken, definition)).toEqual({ kind: 'abandoned' });
    expect(stage.lines.join()).toContain('Abandoned');
  });
});

describe('JobExecutor.runnerOf', () => {
  it('is what a broker calls for one queue', async () => {
    const stage = new Stage();
    expect(resultOf(await stage.executor.runnerOf(definition, () => 0)(stage.take()))).toBe('done');
  });
});
