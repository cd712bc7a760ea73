import 'reflect-metadata';
import { IsString } from 'class-validator';
import { failed, Stage } from '../../../test/support/job-executor-fixture.js';
import {
  jsonErrorOf,
  outcomeOf,
  SEALED,
  sealedStage,
  throwing,
  toldOf,
} from '../../../test/support/sealed-stage.js';
import { CancelledError, JobTimeoutError, RetryLater, UnrecoverableJobError } from '../jobs/errors.js';
import { TEXT_LEFT_OUT } from '../../kernel/logging/error-text.js';
import type { PayloadSeal } from '../jobs/sealing/payload-seal.js';
import { Readable } from '../privacy/sealed-fields.decorators.js';

const SECRET = 'Meet me at the Fernsehturm';

describe('a failure of a sealed queue', () => {
  it('is told without what it quotes of the payload, and without its cause and fields', async () => {
    const stage = sealedStage();
    const cause = new Error(`inner ${SECRET}`);
    const error = Object.assign(new TypeError(`Refused: ${SECRET}`, { cause }), {
      code: 'E_REFUSED',
      response: { body: SECRET },
    });
    const outcome = await throwing(stage, error, { text: SECRET });
    expect(outcome.error).toBeInstanceOf(TypeError);
    expect(outcome.error).toMatchObject({
      name: 'TypeError',
      code: 'E_REFUSED',
      message: 'Refused: [content]',
    });
    expect(outcome.failure).toMatchObject({ error: 'TypeError', message: 'Refused: [content]' });
    expect(outcome.failure.stack).toMatch(/^at .*job-executor-content\.spec/);
    expect(outcome.error.stack).toMatch(/^TypeError: Refused: \[content\]\n {4}at /);
    expect(stage.lines.join()).toContain('TypeError: Refused: [content]');
    expect(toldOf(stage, outcome)).not.toContain('Fernsehturm');
  });

  it('is decided by the error itself, which onError gets', async () => {
    const stage = sealedStage();
    const error = new UnrecoverableJobError(`No: ${SECRET}`, { cause: new Error('x') });
    const judged: Error[] = [];
    stage.verdict = (given) => void judged.push(given);
    const outcome = await throwing(stage, error, { text: SECRET });
    expect(judged).toEqual([error]);
    expect(judged[0]).toBe(error);
    expect(outcome).toMatchObject({
      retryDelayMs: null,
      failure: { error: 'UNRECOVERABLE_JOB', message: 'No: [content]' },
    });
    expect(outcome.error).toBeInstanceOf(UnrecoverableJobError);
  });

  it('has no text at all with errorTexts: codes', async () => {
    const stage = sealedStage('codes');
    const outcome = await throwing(stage, Object.assign(new Error('harmless'), { code: 'ECONNREFUSED' }), {
      text: SECRET,
    });
    expect(outcome.error).toMatchObject({ name: 'Error', code: 'ECONNREFUSED', message: TEXT_LEFT_OUT });
    expect(outcome.failure.stack).toMatch(/^at /);
    expect(toldOf(stage, outcome)).not.toContain('harmless');
  });

  it('has no text when its payload is too large to look through', async () => {
    const outcome = await throwing(sealedStage(), new Error('harmless'), { text: 'x'.repeat(300_000) });
    expect(outcome.failure).toMatchObject({ error: 'Error', message: TEXT_LEFT_OUT });
    expect(outcome.failure.stack).toMatch(/^at /);
  });

  it.each([
    ['its name', Object.assign(new Error('x'), { name: SECRET })],
    ['its name, of one word', Object.assign(new Error('x'), { name: 'Fernsehturm' })],
    ['its code', Object.assign(new Error('x'), { code: 'Fernsehturm' })],
    [
      'its stack',
      Object.assign(new Error('x'), { stack: `Error: x\n    at ${SECRET}\n    at ${SECRET} (a.js:1:1)` }),
    ],
    ['a stack older than its message', Object.assign(new Error(`x\n    at ${SECRET}`), { message: 'y' })],
    ['what was thrown', SECRET],
    ['a reason to cancel', new CancelledError(`because ${SECRET}`)],
    ['the cause of its timeout', new JobTimeoutError('late', { cause: new Error(SECRET) })],
    ['errors in it', new AggregateError([new Error(SECRET)], 'many')],
  ])('quotes nothing in %s', async (_where, error) => {
    const stage = sealedStage();
    const outcome = await throwing(stage, error, { text: SECRET });
    expect(toldOf(stage, outcome)).not.toContain('Fernsehturm');
  });

  it('fails as the handler said, also when the payload has the words of our codes', async () => {
    const outcome = await throwing(sealedStage(), new CancelledError('no'), { text: 'JOB_CANCELLED' });
    expect(outcome).toMatchObject({ retryDelayMs: null, failure: { kind: 'cancelled' } });
    expect(outcome.failure.stack).toMatch(/^at .*job-executor-content\.spec/);
  });

  it('quotes nothing in the reason to run later', async () => {
    const stage = sealedStage();
    stage.handle = () => Promise.reject(new RetryLater(10, `not now: ${SECRET}`));
    const settlement = await outcomeOf(stage, { text: SECRET });
    expect(settlement).toMatchObject({ kind: 'deferred', reason: 'not now: [content]' });
    expect(toldOf(stage, settlement)).not.toContain('Fernsehturm');
  });

  it('keeps the words of whoever cancels it, also with errorTexts: codes', async () => {
    const stage = sealedStage('codes');
    const taken = stage.take({ data: { text: SECRET } });
    taken.abort(new CancelledError('the user left'));
    const outcome = await failed(stage.executor.run(taken, SEALED));
    taken.noteStored(true);
    expect(outcome.failure.message).toBe('The job was cancelled: the user left');
    expect(stage.heard.at(-1)).toEqual(['cancelled', expect.objectContaining({ reason: 'the user left' })]);
  });

  it.each(['{"text": Fernsehturm}', '{"text":"Fernsehturm', '["Fernsehturm" "x"]', '', '{"a":1}Fernsehturm'])(
    'says of %j only that it is not valid JSON',
    async (text) => {
      const wrapped = new Error(`Provider: ${jsonErrorOf(text).message}`);
      expect((await throwing(sealedStage(), jsonErrorOf(text), { text: SECRET })).failure.message).toBe(
        'not valid JSON',
      );
      expect((await throwing(sealedStage(), wrapped, { text: SECRET })).failure.message).toBe(
        'Provider: not valid JSON',
      );
    },
  );

  it('names what is declared readable, and what was opened counts as content', async () => {
    class LetterDto {
      @Readable()
      @IsString()
      letterId!: string;

      @IsString()
      text!: string;
    }
    const stage = sealedStage();
    stage.handle = async () => {
      throw new Error(`letter-4711 says ${SECRET}`);
    };
    const taken = stage.take({ data: { opened: 'elsewhere' } });
    const seal = {
      open: () => ({ data: { letterId: 'letter-4711', text: SECRET } }),
      refuseErased: () => undefined,
    };
    const letters = { ...SEALED, jobs: { write: LetterDto }, seal: seal as unknown as PayloadSeal };
    const outcome = await failed(stage.executor.run(taken, letters));
    expect(outcome.failure.message).toBe('letter-4711 says [content]');
  });

  it('is kept in full, with its causes, where only its seal opens', async () => {
    const stage = sealedStage('codes');
    const sealed: unknown[] = [];
    const sealer = { seal: (slot: string, json: string) => `${sealed.push([slot, JSON.parse(json)])}` };
    const seal = {
      open: () => ({ data: { text: SECRET }, sealer }),
      refuseErased: () => undefined,
    } as unknown as PayloadSeal;
    const throwing = async (error: unknown): Promise<unknown> => {
      stage.handle = async () => {
        throw error;
      };
      const { failure } = await failed(stage.executor.run(stage.take({ data: {} }), { ...SEALED, seal }));
      expect(failure.sealed).toBe(String(sealed.length));
      return sealed.at(-1);
    };
    const cause = new RangeError(`inner ${SECRET}`, { cause: 'a text' });
    expect(await throwing(new TypeError(`Refused: ${SECRET}`, { cause }))).toEqual([
      'failure',
      `TypeError: Refused: ${SECRET}\nCaused by RangeError: inner ${SECRET}\nCaused by a text`,
    ]);
    const [, text] = (await throwing(new Error('é"'.repeat(5_000)))) as [string, string];
    expect(text).toMatch(/^Error: (é")+é?…$/);
    expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThanOrEqual(1_482);
    const own = new Error('self');
    expect(await throwing(Object.assign(own, { cause: own }))).toEqual(['failure', expect.any(String)]);
  });

  it('is told as it is when the queue is not sealed', async () => {
    const stage = new Stage();
    const error = new Error(SECRET);
    stage.handle = () => Promise.reject(error);
    expect((await failed(stage.run())).error).toBe(error);
  });
});
