import 'reflect-metadata';
import { inspect } from 'node:util';
import { randomFrom } from '../../../test/support/random-from.js';
import { jsonErrorOf, sealedStage, throwing, toldOf } from '../../../test/support/sealed-stage.js';
import { UnrecoverableJobError } from '../jobs/errors.js';

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
