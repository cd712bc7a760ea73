import 'reflect-metadata';
import { inspect } from 'node:util';
import { RepeatedLines } from '../../kernel/logging/repeated-lines.js';
import { randomFrom } from '../../../test/support/random-from.js';
import { definition, failed, Stage } from '../../../test/support/job-executor-fixture.js';
import type { Failed } from '../../../test/support/job-executor-fixture.js';
import { ManualClock } from '../testing/manual-clock.js';
import { CancelledError, JobTimeoutError, RetryLater, UnrecoverableJobError } from '../jobs/errors.js';
import { TEXT_LEFT_OUT } from '../../kernel/logging/error-text.js';
import type { ErrorTexts } from '../privacy/privacy-settings.js';

const SEALED = { ...definition, sealed: true };
const SECRET = 'Meet me at the Fernsehturm';

/** A stage that writes every line, and what its sealed queue made of a run. */
function sealedStage(errorTexts?: ErrorTexts): Stage {
  return new Stage({ errorTexts, lines: new RepeatedLines(new ManualClock(), 0) });
}

async function outcomeOf(stage: Stage, data: unknown): ReturnType<Stage['run']> {
  const taken = stage.take({ data });
  const settlement = await stage.executor.run(taken, SEALED);
  taken.noteStored(true);
  return settlement;
}

function throwing(stage: Stage, error: unknown, data: unknown = { text: SECRET }): Promise<Failed> {
  stage.handle = async () => {
    throw error;
  };
  return failed(outcomeOf(stage, data));
}

/** All that is told of a run: what is stored, written to the log and emitted. */
function toldOf(stage: Stage, settlement: unknown): string {
  return inspect([settlement, stage.lines, stage.heard], {
    depth: 20,
    showHidden: true,
    maxStringLength: null,
  });
}

describe('a failure of a sealed queue', () => {
  it('is told without what it quotes of the payload, and without its cause and fields', async () => {
    const stage = sealedStage();
    const cause = new Error(`inner ${SECRET}`);
    const error = Object.assign(new TypeError(`Refused: ${SECRET}`, { cause }), {
      code: 'E_REFUSED',
      response: { body: SECRET },
    });
    const outcome = await throwing(stage, error);
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
    const outcome = await throwing(stage, error);
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
    const outcome = await throwing(stage, Object.assign(new Error('harmless'), { code: 'ECONNREFUSED' }));
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
    const outcome = await throwing(stage, error);
    expect(toldOf(stage, outcome)).not.toContain('Fernsehturm');
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
      expect((await throwing(sealedStage(), jsonErrorOf(text))).failure.message).toBe('not valid JSON');
      expect((await throwing(sealedStage(), wrapped)).failure.message).toBe('Provider: not valid JSON');
    },
  );

  it('is told as it is when the queue is not sealed', async () => {
    const stage = new Stage();
    const error = new Error(SECRET);
    stage.handle = () => Promise.reject(error);
    expect((await failed(stage.run())).error).toBe(error);
  });
});

describe('errors that quote content in any spelling', () => {
  it('leave no word of 8 letters in anything stored or logged, 10 000 seeds', async () => {
    const stage = sealedStage();
    for (let seed = 1; seed <= 10_000; seed += 1) {
      const { data, error, words } = quoting(seed);
      stage.lines.length = 0;
      stage.heard.length = 0;
      const told = readAll(toldOf(stage, await throwing(stage, error, data)));
      const found = words.filter((word) => told.includes(word));
      expect({ seed, found }).toEqual({ seed, found: [] });
    }
  });
});

function jsonErrorOf(text: string): Error {
  try {
    JSON.parse(text);
  } catch (error) {
    return error as Error;
  }
  throw new Error('It is JSON.');
}

const ALPHABETS = [
  'abcdefghijklmnopqrstuvwxyz',
  'äöüéèñçabcdefgh',
  'абвгдежзийклмнопрст',
  'αβγδεζηθικλμνξοπ',
];
const HAN = '明天在老地方见面我们去公园吃饭然后看电影的时候';

interface Quoting {
  readonly data: unknown;
  readonly error: unknown;
  /** In lower case: what must not be found. */
  readonly words: readonly string[];
}

/** A random payload, and an error that quotes a leaf of it. */
function quoting(seed: number): Quoting {
  const random = randomFrom(seed);
  const pick = <T>(from: ArrayLike<T>): T => from[Math.floor(random() * from.length)] as T;
  const word = (length: number, alphabet = pick(ALPHABETS)): string =>
    Array.from({ length }, () => pick(alphabet)).join('');
  const long = Array.from({ length: 1 + Math.floor(random() * 5) }, () => word(8 + Math.floor(random() * 8)));
  const filler = (): string => word(1 + Math.floor(random() * 6));
  const leaf = long.flatMap((one) => [one, filler()]).join(pick([' ', ', ', '\n', ' "', ' & ', ' – ']));
  const han = Array.from({ length: 8 }, () => pick(HAN)).join('');
  const number = String(10_000_000 + Math.floor(random() * 1e9));
  const data = { text: leaf, more: [{ han, number: Number(number), short: 'zyx' }] };
  const quoted = pick(SPELLINGS)(pick([leaf, leaf, pick(long), han, number]), random);
  const message = `${filler()}: ${quoted} (${filler()})`;
  return { data, error: pick(WRAPPINGS)(message, quoted), words: [...long, han.slice(0, 3), number] };
}

const SPELLINGS: readonly ((leaf: string, random: () => number) => string)[] = [
  (leaf) => leaf,
  (leaf) => leaf.toUpperCase(),
  (leaf) => JSON.stringify(leaf),
  (leaf) => JSON.stringify({ body: JSON.stringify({ leaf }) }),
  (leaf) => encodeURIComponent(leaf),
  (leaf) => new URLSearchParams({ leaf }).toString(),
  (leaf) => encodeURIComponent(JSON.stringify(leaf)),
  (leaf) => leaf.replace(/[^ \w]/g, (letter) => `&#${letter.charCodeAt(0)};`),
  (leaf) => leaf.replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
  (leaf) => leaf.replace(/[^ ]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (leaf) => inspect(leaf),
  (leaf) => leaf.normalize('NFD'),
  (leaf, random) => leaf.slice(Math.floor((random() * leaf.length) / 2)),
  (leaf) => jsonErrorOf(`{"a": ${leaf}`).message,
];

const WRAPPINGS: readonly ((message: string, quoted: string) => unknown)[] = [
  (message) => new Error(message),
  (message) => new Error('outer', { cause: new Error(message) }),
  (message) => new UnrecoverableJobError(message),
  (message, quoted) => Object.assign(new Error(message), { name: quoted, code: quoted, body: quoted }),
  (message) => new AggregateError([new Error(message)], message),
  (message) => message,
  (_message, quoted) => jsonErrorOf(`${quoted}!`),
];

/** A text in lower case, beside what it says once its escapes are read: the oracle, which shares nothing with the scrubber. */
function readAll(text: string): string {
  const percent = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString(),
  );
  const unicode = percent.replace(/\\+u([0-9a-f]{4})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  const html = unicode.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  return [text, percent, unicode, html].join('\n').normalize('NFC').toLowerCase();
}
