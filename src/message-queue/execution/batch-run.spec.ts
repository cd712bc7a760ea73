import 'reflect-metadata';
import { CancelledError, JobTimeoutError, LockLostError, RetryLater, ShutdownError } from '../jobs/errors.js';
import type { ManagedJobOptions } from '../jobs/managed-job.js';
import type { Settlement } from '../jobs/settlement.js';
import type { TakenJob } from '../jobs/taken-job.js';
import { definition, latch, Note, resultOf, Stage } from '../../../test/support/job-executor-fixture.js';

const stageWith = (count: number, opts: ManagedJobOptions = {}): [stage: Stage, taken: TakenJob[]] => {
  const stage = new Stage();
  const taken = Array.from({ length: count }, (_, i) =>
    stage.take({ id: `m_${i}`, name: 'digest', data: { text: `text ${i}` }, attemptsMade: i, opts }),
  );
  return [stage, taken];
};

const kinds = (settlements: readonly Settlement[]): string[] => settlements.map(({ kind }) => kind);

/** Settles when the signal aborts. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

describe('a batch', () => {
  it('gives its handler all payloads at once, and each member the result and an end of its own', async () => {
    const [stage, taken] = stageWith(3);
    let calls = 0;
    stage.handleBatch = async (payloads, batch) => {
      calls += 1;
      expect(payloads).toEqual([{ text: 'text 0' }, { text: 'text 1' }, { text: 'text 2' }]);
      expect(payloads[0]).toBeInstanceOf(Note);
      expect(batch.members.map(({ jobId, attempt }) => [jobId, attempt])).toEqual([
        ...[
          ['m_0', 1],
          ['m_1', 2],
          ['m_2', 3],
        ],
      ]);
      return { sent: payloads.length };
    };
    const settlements = await stage.runBatch(taken);
    expect(calls).toBe(1);
    expect(settlements.map(resultOf)).toEqual([{ sent: 3 }, { sent: 3 }, { sent: 3 }]);
    expect(stage.heardNames).toEqual([
      ...Array<string>(3).fill('active'),
      ...Array<string>(3).fill('completed'),
    ]);
    expect(stage.heard.slice(3).map(([, { jobId }]) => jobId)).toEqual(['m_0', 'm_1', 'm_2']);
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('of one is what becomes of a job that nobody collected', async () => {
    const stage = new Stage();
    stage.handleBatch = async (payloads) => payloads.length;
    expect(resultOf(await stage.run({ name: 'digest' }))).toBe(1);
  });

  it('of a job that is not collected here is run one by one', async () => {
    const stage = new Stage();
    const running: string[] = [];
    stage.handle = async (_payload, { jobId }) => {
      running.push(`+${jobId}`);
      await Promise.resolve();
      return running.push(`-${jobId}`);
    };
    const taken = ['a', 'b'].map((id) => stage.take({ id }));
    expect(kinds(await stage.runBatch(taken))).toEqual(['completed', 'completed']);
    expect(running).toEqual(['+a', '-a', '+b', '-b']);
  });

  it('fails as a whole when its handler throws, each member by its own attempts', async () => {
    const [stage, taken] = stageWith(3, {
      backoff: { type: 'mq', delay: 2000, options: { type: 'exponential', delayMs: 2000 } },
    });
    stage.handleBatch = () => Promise.reject(new Error('the mail server is away'));
    const settlements = await stage.runBatch(taken);
    expect(settlements).toMatchObject([
      { kind: 'failed', retryDelayMs: 2_000, failure: { attempt: 1 } },
      { kind: 'failed', retryDelayMs: 4_000, failure: { attempt: 2 } },
      { kind: 'failed', retryDelayMs: null, failure: { attempt: 3, message: 'the mail server is away' } },
    ]);
    expect(stage.heardNames.slice(3)).toEqual([
      ...['failed', 'retrying', 'failed', 'retrying', 'failed', 'deadLettered'],
    ]);
  });

  it('fails single members when its handler says so; what was said first counts, also of those that go later', async () => {
    const [stage, taken] = stageWith(4);
    stage.handleBatch = async (_payloads, batch) => {
      batch.fail(1, new Error('no such user'));
      batch.fail(1, new Error('said too late'));
      batch.fail(2, new RetryLater(7_000, 'not yet'));
      expect(() => batch.fail(4, new Error('nobody'))).toThrow(RangeError);
    };
    expect(await stage.runBatch(taken)).toMatchObject([
      { kind: 'completed' },
      { kind: 'failed', failure: { message: 'no such user' } },
      { kind: 'deferred', delayMs: 7_000 },
      { kind: 'completed' },
    ]);
  });

  it('does not show its handler what is invalid or hopeless; it fails alone', async () => {
    const [stage, taken] = stageWith(2);
    const invalid = stage.take({ id: 'm_bad', name: 'digest', data: { text: 5 } });
    const crash = { at: 1, attempt: 1, kind: 'crash', error: 'CRASH', message: 'gone' } as const;
    const looping = stage.take({ id: 'm_loop', name: 'digest' }, [crash, crash, crash]);
    stage.handleBatch = async (payloads, { members }) => [payloads.length, members.map(({ jobId }) => jobId)];
    const [bad, first, loop, second] = await stage.runBatch([
      ...[invalid, taken[0] as TakenJob, looping, taken[1] as TakenJob],
    ]);
    expect(bad).toMatchObject({ kind: 'failed', retryDelayMs: null, failure: { error: 'INVALID_PAYLOAD' } });
    expect(loop).toMatchObject({ kind: 'failed', failure: { kind: 'crash' } });
    expect([first, second].map((one) => resultOf(one as Settlement))).toEqual(
      Array(2).fill([2, ['m_0', 'm_1']]),
    );
  });

  it('of which nothing is valid does not reach its handler', async () => {
    const stage = new Stage();
    stage.handleBatch = () => Promise.reject(new Error('was called'));
    const taken = ['a', 'b'].map((id) => stage.take({ id, name: 'digest', data: {} }));
    expect(await stage.runBatch(taken)).toMatchObject(
      Array(2).fill({ kind: 'failed', failure: { error: 'INVALID_PAYLOAD' } }),
    );
    expect(stage.heardNames).not.toContain('active');
  });

  it('stores no result that is no JSON: all members fail', async () => {
    const [stage, taken] = stageWith(2);
    stage.handleBatch = async () => 5n;
    expect(await stage.runBatch(taken)).toMatchObject(Array(2).fill({ kind: 'failed', retryDelayMs: null }));
  });
});

describe('the time of a batch', () => {
  it('is the shortest of its members, and ends all of them', async () => {
    const [stage, taken] = stageWith(2);
    const short = stage.take({ id: 'm_short', name: 'digest', opts: { mq: { timeoutMs: 300 } } });
    stage.handleBatch = (_payloads, batch) => {
      expect(batch.deadline - stage.clock.now()).toBe(300);
      return untilAborted(batch.signal);
    };
    const running = stage.runBatch([...taken, short]);
    await stage.clock.advance(299);
    expect(stage.heardNames).not.toContain('failed');
    await stage.clock.advance(1);
    const settlements = await running;
    expect(settlements).toMatchObject(Array(3).fill({ kind: 'failed', failure: { kind: 'timeout' } }));
    expect(settlements[0]).toHaveProperty('error.message', expect.stringContaining('longer than 300 ms'));
    expect(settlements[0]).toHaveProperty('error', expect.any(JobTimeoutError));
  });

  it('tells of one handler that is stuck, whatever the number of members', async () => {
    const [stage, taken] = stageWith(3);
    const later = latch();
    stage.handleBatch = () => later.promise;
    const running = stage.runBatch(taken);
    await stage.clock.advance(1_500);
    expect(stage.stuck).toEqual(['NoteProcessor.digest']);
    later.resolve(undefined);
    expect(kinds(await running)).toEqual(['failed', 'failed', 'failed']);
    expect(stage.executor.stuckHandlers.current).toEqual([]);
  });
});

describe('a member that must stop', () => {
  it('ends as it must once the handler has settled, and stops no other', async () => {
    const [stage, taken] = stageWith(4);
    const later = latch();
    let signal: AbortSignal | undefined;
    stage.handleBatch = (_payloads, batch) => {
      ({ signal } = batch);
      return later.promise;
    };
    const running = stage.runBatch(taken);
    await stage.clock.advance(0);
    taken[1]?.abort(new CancelledError('no longer wanted'));
    taken[2]?.abort(new LockLostError('another worker has it', { queue: 'notes' }));
    expect(signal?.aborted).toBe(false);
    later.resolve(undefined);
    expect(kinds(await running)).toEqual(['completed', 'failed', 'abandoned', 'completed']);
    expect(stage.heardNames).toContain('cancelled');
  });

  it('before the handler begins is not among those that it gets', async () => {
    const [stage, taken] = stageWith(2);
    taken[0]?.abort(new CancelledError('no longer wanted'));
    stage.handleBatch = async (payloads) => payloads.length;
    const [cancelled, other] = await stage.runBatch(taken);
    expect(cancelled).toMatchObject({ kind: 'failed', failure: { kind: 'cancelled' } });
    expect(resultOf(other as Settlement)).toBe(1);
  });

  it('as the last one aborts the handler; at shutdown all are handed back', async () => {
    const [stage, taken] = stageWith(3);
    stage.handleBatch = (_payloads, { signal }) => untilAborted(signal);
    const running = stage.runBatch(taken);
    await stage.clock.advance(0);
    for (const one of taken) one.abort(new ShutdownError('The worker stops.'));
    expect(kinds(await running)).toEqual(Array(3).fill('handed-back'));
  });
});

describe('what surrounds a batch', () => {
  it('is called once, with all payloads, and may answer for all', async () => {
    const [stage, taken] = stageWith(3);
    const seen: unknown[] = [];
    stage.middleware.use(async (context, next) => {
      seen.push([context.payload, context.jobId, context.batch?.members.length]);
      return [await next()];
    });
    const settlements = await stage.runBatch(taken);
    expect(seen).toEqual([[['text 0', 'text 1', 'text 2'].map((text) => ({ text })), 'm_0', 3]]);
    expect(settlements.map(resultOf)).toEqual([['done'], ['done'], ['done']]);
  });

  it('is asked about the error of each member', async () => {
    const [stage, taken] = stageWith(2);
    stage.verdict = (error) => (error.message === 'hopeless' ? 'dead-letter' : undefined);
    stage.handleBatch = async (_payloads, batch) => batch.fail(1, new Error('hopeless'));
    expect(await stage.runBatch(taken)).toMatchObject([{ kind: 'completed' }, { retryDelayMs: null }]);
  });

  it('hears nothing of what another member of a sealed queue carries', async () => {
    const [stage, taken] = stageWith(2);
    stage.handleBatch = () => Promise.reject(new Error('cannot send "text 0" nor "text 1"'));
    const sealed = { ...definition, sealed: true };
    for (const settlement of await stage.runBatch(taken, sealed)) {
      expect(JSON.stringify(settlement)).not.toMatch(/text [01]/);
    }
  });
});
