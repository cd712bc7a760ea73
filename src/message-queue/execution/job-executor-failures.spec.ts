import 'reflect-metadata';
import type { JobOptions } from 'bull';
import { ManualClock } from '../../kernel/time/manual-clock.js';
import {
  CancelledError,
  CircuitOpenError,
  InvalidPayloadError,
  HandlerRegistrationError,
  RateLimited,
  RetryLater,
  ShutdownError,
  UnrecoverableJobError,
} from '../jobs/errors.js';
import { HostCode } from '../../kernel/host/host-code.js';
import { HandlerRegistry } from '../handlers/handler-registry.js';
import type { FlowPolicy } from '../jobs/flow/flow-policy.js';
import type { FailureRecord } from '../jobs/managed-job.js';
import { Stage, failed } from '../../../test/support/job-executor-fixture.js';

const crash = (at: number): FailureRecord => ({ at, attempt: 1, kind: 'crash', error: 'CRASH', message: '' });

describe('a job that fails', () => {
  const failing = (error: unknown): Stage => {
    const stage = new Stage();
    stage.handle = async () => {
      throw error;
    };
    return stage;
  };
  const mq: JobOptions = {
    backoff: { type: 'mq', delay: 2000, options: { type: 'exponential', delayMs: 2000 } },
  };

  it('is retried after 2 s, then 4, then is a dead letter', async () => {
    const stage = failing(new TypeError('boom'));
    const outcomes = [0, 1, 2].map((attemptsMade) => failed(stage.run({ attemptsMade, opts: mq })));
    expect((await Promise.all(outcomes)).map(({ retryDelayMs }) => retryDelayMs)).toEqual([2000, 4000, null]);
    expect(stage.heardNames.filter((name) => name !== 'active')).toEqual([
      'failed',
      'retrying',
      'failed',
      'retrying',
      'failed',
      'deadLettered',
    ]);
  });

  it('says what to do when nothing here handles its job', async () => {
    const { error } = await failed(new Stage({ handlers: new HandlerRegistry() }).run());
    expect(error).toBeInstanceOf(HandlerRegistrationError);
    expect(error.message).toMatch(/m_1.*Put @JobHandler\('write'\) on a method .*@Processor\('.+'\)/);
  });

  it('remembers what happened, bounded', async () => {
    const error = new TypeError(`boom ${'x'.repeat(1_000_000)}`);
    const outcome = await failed(failing(error).run({ attemptsMade: 1 }));
    expect(outcome.failure).toMatchObject({ attempt: 2, kind: 'error', error: 'TypeError' });
    expect(outcome.failure.at).toBe(new ManualClock().now());
    expect(outcome.failure.message).toHaveLength(2000);
    expect(outcome.failure.stack?.split('\n').length).toBeLessThanOrEqual(8);
    expect(outcome.failure.stack).toMatch(/^at /);
    expect(outcome.error.message).toHaveLength(2000);
    expect(outcome.error.stack!.length).toBeLessThan(6000);
    expect(outcome.error.name).toBe('TypeError');
  });

  it.each<[unknown, RegExp]>([
    ['just text', /not an Error: just text/],
    [undefined, /not an Error: undefined/],
    [null, /not an Error: null/],
    [{ message: 'shaped like one' }, /not an Error: shaped like one/],
    [Object.assign(new Error('x'), { message: undefined }), /not an Error/],
  ])('wraps %p thrown instead of an Error', async (thrown, message) => {
    expect((await failed(failing(thrown).run())).error.message).toMatch(message);
  });

  it.each([
    ['UNRECOVERABLE_JOB', new UnrecoverableJobError('no use')],
    ['INVALID_PAYLOAD', new InvalidPayloadError('inner', [])],
  ])('is a dead letter at once for %s', async (code, error) => {
    const outcome = await failed(failing(error).run({ opts: mq }));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: code } });
  });

  it.each<[what: string, flow: FlowPolicy | undefined, heard: readonly string[]]>([
    ['of its key, which stands still', { key: {} }, ['deadLettered', 'parked']],
    ['that its key skips', { key: { onDeadLetter: 'skip' } }, ['deadLettered']],
    ['of a key that runs several', { key: { concurrency: 2 } }, ['deadLettered']],
    ['of a batch', { key: {}, jobs: { write: { batch: { size: 2, waitMs: 1 } } } }, ['deadLettered']],
    ['of a queue without keys', { tenant: {} }, ['deadLettered']],
    ['of a queue without groups', undefined, ['deadLettered']],
  ])('tells of a dead letter %s', async (_what, flow, names) => {
    const stage = failing(new UnrecoverableJobError('no use'));
    stage.flow = flow;
    await stage.run({ opts: { mq: { key: 'c-42' } } });
    expect(stage.heardNames).toEqual(['active', 'failed', ...names]);
    const place = { queue: 'notes', job: 'write', jobId: 'm_1' };
    const parked = stage.heard.filter(([name]) => name === 'parked').map(([, event]) => event);
    expect(parked).toEqual(names.slice(1).map(() => expect.objectContaining({ ...place, key: 'c-42' })));
    expect(stage.lines.join()).not.toContain('c-42');
  });

  it('tells of no key that stands still for a job without one, one that runs again, or one that was cancelled', async () => {
    const stage = failing(new Error('once'));
    stage.flow = { key: {} };
    await stage.run({ opts: { mq: { key: 'c-42' } } });
    await stage.run({ attemptsMade: 2 });
    stage.handle = () => {
      stage.taken.abort(new CancelledError('no need'));
      return Promise.resolve();
    };
    await stage.run({ opts: { mq: { key: 'c-42' } } });
    expect(stage.heardNames).toEqual(expect.arrayContaining(['retrying', 'deadLettered', 'cancelled']));
    expect(stage.heardNames).not.toContain('parked');
  });

  it('spends no attempt on RetryLater and open circuits', async () => {
    expect(await failing(new RetryLater(5000, 'rate limited')).run()).toEqual({
      kind: 'deferred',
      delayMs: 5000,
      reason: 'rate limited',
    });
    expect(await failing(new RetryLater(Number.NaN)).run()).toMatchObject({ kind: 'deferred', delayMs: 1 });
    const stage = failing(new CircuitOpenError('smtp', 0));
    const blocked = { delayMs: 100, blockedBy: 'smtp' };
    expect(await stage.run({ attemptsMade: 2 })).toMatchObject({ kind: 'deferred', ...blocked });
    expect(stage.heard.at(-1)).toEqual(['retrying', expect.objectContaining({ spent: false, ...blocked })]);
  });

  it('spends no attempt on a provider that takes no more, and closes the rate', async () => {
    const stage = failing(undefined);
    stage.handle = (_payload, { rateLimited }) => rateLimited(30_000, 'too many requests');
    const closed = { kind: 'deferred', delayMs: 30_000, reason: 'too many requests', closesRate: true };
    expect(await stage.run({ attemptsMade: 2 })).toEqual(closed);
    expect(await failing(new RateLimited(0)).run()).toMatchObject({ delayMs: 1, closesRate: true });
    expect(stage.heard.at(-1)).toEqual([
      'retrying',
      expect.objectContaining({ spent: false, delayMs: 30_000 }),
    ]);
  });

  it('asks the processor: dead letter at once, retry of the unrecoverable, but never more than its attempts', async () => {
    const stage = failing(new UnrecoverableJobError('maybe'));
    stage.verdict = () => 'retry';
    expect((await failed(stage.run({ opts: mq }))).retryDelayMs).toBe(2000);
    expect((await failed(stage.run({ attemptsMade: 2, opts: mq }))).retryDelayMs).toBeNull();
    stage.verdict = () => 'dead-letter';
    stage.handle = () => Promise.reject(new Error('x'));
    expect((await failed(stage.run({ opts: mq }))).retryDelayMs).toBeNull();
  });

  it('keeps to the usual rules when the processor’s onError throws, or is async', async () => {
    const host = new HostCode();
    const stage = new Stage({ host });
    stage.handle = () => Promise.reject(new Error('x'));
    const broken = new Error('onError is broken');
    const verdicts: (() => never)[] = [
      () => {
        throw broken;
      },
      () => Promise.reject(broken) as never,
    ];
    for (const verdict of verdicts) {
      stage.verdict = verdict;
      expect((await failed(stage.run({ opts: mq }))).retryDelayMs).toBe(2000);
    }
    const recent = [expect.stringContaining('onError in the class of NoteProcessor')];
    expect(host.failuresOf('notes', 1_000)).toEqual({ count: 2, recent });
  });

  it('is handed back when the handler met the shutdown itself, cancelled when it says so', async () => {
    expect(await failing(new ShutdownError('closing')).run()).toEqual({ kind: 'handed-back' });
    expect(await failed(failing(new CancelledError('user left')).run())).toMatchObject({
      retryDelayMs: null,
      failure: { kind: 'cancelled' },
    });
  });
});

describe('a job that cannot be run', () => {
  it('says that part of it is gone when it has no name', async () => {
    const outcome = await failed(new Stage().run({ name: undefined }));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'UNRECOVERABLE_JOB' } });
    expect(outcome.error.message).toContain('evicting');
  });

  it.each([[{ text: 5 }], [{ txet: 'x' }], [null], ['text']])(
    'is a dead letter with payload %j, and its handler is not called',
    async (data) => {
      const stage = new Stage();
      let called = false;
      stage.handle = async () => (called = true);
      const outcome = await failed(stage.run({ data }));
      expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'INVALID_PAYLOAD' } });
      expect(called).toBe(false);
      expect(stage.heardNames).toEqual(['failed', 'deadLettered']);
    },
  );

  it('is one dead letter that shows each crash when it killed its worker too often', async () => {
    const stage = new Stage();
    const crashes = [crash(0), crash(1000), crash(2000)];
    const outcome = await failed(stage.run({}, crashes));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { kind: 'crash', error: 'CRASH_LOOP' } });
    expect(outcome.error.message).toContain('3 times');
    expect(outcome.error.message).toContain('1970-01-01T00:00:02.000Z');
    expect((await stage.run({}, crashes.slice(1))).kind).toBe('completed');
  });
});
