import { isAbsolute } from 'node:path';
import { kind, Refusal } from '../../kernel/values/kind.js';
import type { Kind } from '../../kernel/values/kind.js';
import { milliseconds } from '../../kernel/values/kinds.js';
import { shown } from '../../kernel/values/words.js';

const DELAY = milliseconds(0, 86_400_000);
const MOST_DELAYS = 100;

/** How long each further attempt waits; in a variable separated by commas. */
export const retryDelayList: Kind<readonly number[]> = kind(
  `a list of at most ${MOST_DELAYS} whole numbers of milliseconds from 0 to 86400000 (in a variable separated by commas)`,
  readDelays,
  {
    fromText: (text) => readDelays(text.split(',').map((delay) => DELAY.fromText(delay.trim()))),
    toText: (delays) => delays.join(','),
    show: shown,
  },
);

function readDelays(value: unknown): readonly number[] | Refusal {
  if (!Array.isArray(value) || value.length > MOST_DELAYS) return new Refusal();
  const wrong = value.findIndex((delay) => DELAY.read(delay) instanceof Refusal);
  if (wrong >= 0) return new Refusal(`the one at ${wrong} is not`);
  return Object.freeze([...(value as number[])]);
}

/** Where a module is: the path of its built file, or its URL in an ES module, read as a string. */
export const modulePlace: Kind<string, string | URL> = kind<string, string | URL>(
  "an absolute path or a file URL of a built file, such as join(__dirname, 'user-events.module.js') or new URL('./user-events.module.js', import.meta.url), with #Name behind it where it exports several modules",
  (value) => {
    const place = value instanceof URL ? value.href : value;
    if (typeof place !== 'string') return new Refusal();
    if (place.startsWith('file://')) return URL.canParse(place) ? place : new Refusal();
    return isAbsolute(place)
      ? place
      : new Refusal(/^\S+$/.test(place) ? 'it would depend on where the process starts' : undefined);
  },
);

/** Arguments of Node.js; in a variable separated by spaces. */
export const nodeArguments: Kind<readonly string[]> = kind(
  'a list of arguments of Node.js such as ["--import", "tsx"] (in a variable separated by spaces)',
  readArguments,
  { fromText: (text) => readArguments(text.split(/\s+/)), toText: (given) => given.join(' '), show: shown },
);

function readArguments(value: unknown): readonly string[] | Refusal {
  if (!Array.isArray(value)) return new Refusal();
  const isArgument = (one: unknown): boolean => typeof one === 'string' && one !== '';
  return value.every(isArgument) ? Object.freeze([...(value as string[])]) : new Refusal();
}
