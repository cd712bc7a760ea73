import { definition, failed, Note, Stage } from '../../../test/support/job-executor-fixture.js';
import { NewerPayloadError, UnknownJobNameError } from '../jobs/errors.js';
import type { ManagedJobRecord } from '../jobs/managed-job.js';
import { defineQueue, versionOf } from '../jobs/queue-definition.js';
import type { Upcast } from '../jobs/queue-definition.js';
import type { Settlement } from '../jobs/settlement.js';
import { TakenJob } from '../jobs/taken-job.js';

const HOUR_MS = 3_600_000;

/** Runs a job of the queue `notes` whose definition has a version. */
async function runOf(
  stage: Stage,
  record: ManagedJobRecord,
  data: unknown,
  upcast?: Upcast,
): Promise<Settlement> {
  const { jobs: _jobs, versions: _versions, flow: _flow, ...settings } = definition;
  const jobs = { write: { payload: Note, version: 3, ...(upcast && { upcast }) }, tuned: Note };
  const versioned = defineQueue({ ...settings, jobs });
  const settlement = await stage.executor.run(stage.take({ data, opts: { mq: record } }), versioned);
  return settlement;
}

/** Runs a job that was first passed on some time ago. */
function runAgain(stage: Stage, name: string, agoMs: number): Promise<Settlement> {
  const { job } = stage.take({ name });
  const taken = new TakenJob(job, [], job.opts, stage.clock.now() - agoMs);
  return stage.executor.run(taken, definition);
}

describe('a job whose name this worker does not know', () => {
  it.each(['wirte', 'constructor', 'toString', '__proto__'])('is passed on: %s', async (name) => {
    const stage = new Stage();
    const settlement = await stage.run({ name });
    const since = stage.clock.now();
    expect(settlement).toMatchObject({ kind: 'passed-on', delayMs: 1_000, since, version: 1 });
    expect(stage.heard).toEqual([['retrying', expect.objectContaining({ spent: false, delayMs: 1_000 })]]);
  });

  it('waits as long again as it has waited, from a second to a minute', async () => {
    const stage = new Stage();
    const pauses = [0, 500, 1_000, 2_000, 4_000, 8_000, 60_000, HOUR_MS, -5_000].map(async (agoMs) => {
      const settlement = await runAgain(stage, 'wirte', agoMs);
      return settlement.kind === 'passed-on' ? settlement.delayMs : settlement.kind;
    });
    expect(await Promise.all(pauses)).toEqual([
      1_000, 1_000, 1_000, 2_000, 4_000, 8_000, 60_000, 60_000, 1_000,
    ]);
  });

  it('waits by the clock of the broker, whatever that of this machine says', async () => {
    const stage = new Stage();
    const { job } = stage.take({ name: 'wirte' });
    const processedOn = stage.clock.now() + 7 * HOUR_MS;
    const at = { ...job, processedOn } as typeof job;
    const first = await stage.executor.run(new TakenJob(at, [], job.opts), definition);
    expect(first).toMatchObject({ kind: 'passed-on', since: processedOn, delayMs: 1_000 });
    const later = await stage.executor.run(new TakenJob(at, [], job.opts, processedOn - 5_000), definition);
    expect(later).toMatchObject({ kind: 'passed-on', since: processedOn - 5_000, delayMs: 5_000 });
  });

  it('is a dead letter once its time is over, looked at a last time then', async () => {
    const stage = new Stage();
    const day = definition.waitForVersionMs;
    expect(await runAgain(stage, 'wirte', day - 700)).toMatchObject({ kind: 'passed-on', delayMs: 700 });
    const outcome = await failed(runAgain(stage, 'wirte', day));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'UNKNOWN_JOB_NAME' } });
    expect(outcome.error.message).toContain('Did you mean "write"');
  });

  it('is one at once where jobs do not wait for versions', async () => {
    const stage = new Stage();
    const impatient = { ...definition, waitForVersionMs: 0 };
    const outcome = await failed(stage.executor.run(stage.take({ name: 'wirte' }), impatient));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'UNKNOWN_JOB_NAME' } });
  });

  it('is warned of once per interval, however many there are', async () => {
    const stage = new Stage();
    for (let n = 0; n < 3; n++) await stage.run({ id: `m_${n}`, name: 'wirte' });
    expect(stage.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  });

  it('is not mistaken for a job that a handler asked for', async () => {
    for (const error of [new UnknownJobNameError('no such job'), new NewerPayloadError('newer')]) {
      const stage = new Stage();
      stage.handle = () => Promise.reject(error);
      expect((await stage.run()).kind).toBe('failed');
    }
  });
});

describe('a payload of another version', () => {
  it('is passed on when it is newer', async () => {
    const stage = new Stage();
    const settlement = await runOf(stage, { version: 4 }, { words: 'hi' });
    expect(settlement).toMatchObject({ kind: 'passed-on', version: 4 });
    expect(await stage.run({ opts: { mq: { version: 2 } } })).toMatchObject({
      kind: 'passed-on',
      version: 2,
    });
  });

  it('is brought up to date before it is validated, once, from the version that it has', async () => {
    const asked: unknown[] = [];
    const upcast: Upcast = (version, payload) => {
      asked.push([version, payload]);
      return { text: String(payload['words']).toUpperCase() };
    };
    for (const [record, version] of [
      [{}, 1],
      [{ version: 2 }, 2],
    ] as const) {
      const stage = new Stage();
      stage.handle = (note) => {
        expect(note).toBeInstanceOf(Note);
        return Promise.resolve(note.text);
      };
      expect(await runOf(stage, record, { words: 'hi' }, upcast)).toMatchObject({
        kind: 'completed',
        result: { value: 'HI' },
      });
      expect(asked.splice(0)).toEqual([[version, { words: 'hi' }]]);
    }
    expect(await runOf(new Stage(), { version: 3 }, { text: 'hi' }, upcast)).toMatchObject({
      kind: 'completed',
    });
    expect(asked).toEqual([]);
  });

  it('is taken as it is where nothing brings it up to date', async () => {
    expect((await runOf(new Stage(), { version: 2 }, { text: 'hi' })).kind).toBe('completed');
    expect(await runOf(new Stage(), { version: 2 }, { words: 'hi' })).toMatchObject({
      kind: 'failed',
      failure: { error: 'INVALID_PAYLOAD' },
    });
  });

  it.each<[string, Upcast, RegExp]>([
    [
      'throws',
      () => {
        throw new TypeError('words are missing');
      },
      /job m_1 from version 2 to 3: TypeError: words are missing$/,
    ],
    ['returns nothing', (() => undefined) as unknown as Upcast, /returned undefined\.$/],
    ['returns a text', (() => 'hi') as unknown as Upcast, /returned a string of 2 characters\.$/],
    ['is async', () => Promise.resolve({ text: 'hi' }), /returned a promise; it must not be async\.$/],
  ])('is a dead letter that says why when what brings it up to date %s', async (_what, upcast, message) => {
    const outcome = await failed(runOf(new Stage(), { version: 2 }, { words: 'hi' }, upcast));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'UPCAST_FAILED' } });
    expect(outcome.error.message).toMatch(message);
    expect(outcome.error.message).toContain('upcast of job "write" of queue "notes"');
  });

  it('is judged like any other once it is up to date', async () => {
    const outcome = runOf(new Stage(), {}, { words: 'hi' }, () => ({ text: 5 }));
    expect(await failed(outcome)).toMatchObject({ failure: { error: 'INVALID_PAYLOAD' } });
  });

  it.each([0, -1, 1.5, 'two', {}, 2 ** 60])('is a dead letter when its version is %j', async (version) => {
    const outcome = await failed(runOf(new Stage(), { version } as ManagedJobRecord, { text: 'hi' }));
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { error: 'INVALID_PAYLOAD' } });
    expect(outcome.error.message).toContain('opts.mq.version: must be a whole number from 1');
  });
});

describe('fields that this version does not know', () => {
  it('are left out', async () => {
    const stage = new Stage();
    stage.handle = (note) => Promise.resolve(note);
    const data = { text: 'hi', urgent: true, nested: { more: [1] } };
    expect(await stage.run({ data })).toMatchObject({ kind: 'completed', result: { value: { text: 'hi' } } });
  });

  it('do not save a payload that lacks what is needed', async () => {
    expect(await failed(new Stage().run({ data: { urgent: true } }))).toMatchObject({
      retryDelayMs: null,
      failure: { error: 'INVALID_PAYLOAD' },
    });
  });
});

describe('a definition', () => {
  it('that is made from another keeps its versions', () => {
    const { jobs: _jobs, flow: _flow, ...settings } = definition;
    const first = defineQueue({ ...settings, jobs: { write: { payload: Note, version: 2 }, tuned: Note } });
    const changed = defineQueue({ ...first, concurrency: 7 });
    const more = defineQueue({ ...first, jobs: { ...first.jobs, tuned: { payload: Note, version: 3 } } });
    const fewer = defineQueue({ ...first, jobs: { tuned: Note } });
    const versionsOf = (queue: Parameters<typeof versionOf>[0]): number[] =>
      ['write', 'tuned'].map((job) => versionOf(queue, job));
    expect([changed, more, fewer].map(versionsOf)).toEqual([
      [2, 1],
      [2, 3],
      [1, 1],
    ]);
  });

  it('says the version of each job, 1 unless it says otherwise', () => {
    const { jobs: _jobs, flow: _flow, ...settings } = definition;
    const queue = defineQueue({ ...settings, jobs: { write: { payload: Note, version: 2 }, tuned: Note } });
    expect(queue.jobs).toEqual({ write: Note, tuned: Note });
    expect(['write', 'tuned', 'constructor', 'none'].map((job) => versionOf(queue, job))).toEqual([
      2, 1, 1, 1,
    ]);
  });
});
