import type { ErrorPlace, Issue } from '../errors.js';
import { didYouMean } from './did-you-mean.js';
import { problemWith, Refusal } from './kind.js';
import type { Kind } from './kind.js';

type IssuesErrorClass = new (headline: string, issues: readonly Issue[], place?: ErrorPlace) => Error;

/** Longest name that a message repeats, in characters. */
const LONGEST_PATH = 100;

/** Collects everything that is wrong, so that it can be told at once. */
export class Issues {
  readonly list: Issue[] = [];

  /** @param inside path of what is checked; every problem's path begins with it */
  constructor(private readonly inside = '') {}

  /** @param path of what is wrong; empty: all of what is checked */
  add(path: string, message: string): void {
    const full = [this.inside, path].filter((part) => part !== '').join('.');
    this.list.push({ path: full.slice(0, LONGEST_PATH) || 'options', message });
  }

  /** Adds a problem unless something holds. */
  unless(holds: boolean, path: string, message: string): void {
    if (!holds) this.add(path, message);
  }

  /** Adds what is wrong with a value. @returns whether it is right */
  check<T>(path: string, value: unknown, kind: Kind<T, unknown>): value is T {
    const problem = problemWith(value, kind);
    if (problem === undefined) return true;
    this.add(path, problem);
    return false;
  }

  /** As {@link check}, and undefined is right too. */
  checkGiven<T>(path: string, value: unknown, kind: Kind<T, unknown>): value is T | undefined {
    return value === undefined || this.check(path, value, kind);
  }

  /** Adds what is wrong with a value. @returns what was read; undefined for a wrong one */
  read<T>(path: string, value: unknown, kind: Kind<T, unknown>): T | undefined {
    const found = kind.read(value);
    if (!(found instanceof Refusal)) return found;
    this.check(path, value, kind);
    return undefined;
  }

  /** Adds each key that is not among the known ones, with what was probably meant. */
  knownKeys(path: string, value: object, known: readonly string[]): void {
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue;
      const hint =
        didYouMean(key, known) ||
        (known.length > 0 ? ` Known: ${known.join(', ')}.` : ' There are none here.');
      this.add(path === '' ? key : `${path}.${key}`, `is not an option.${hint}`);
    }
  }

  /** Adds what another one collected. */
  addAll({ list }: Issues): void {
    for (const { path, message } of list) this.add(path, message);
  }

  /** @throws the error with everything that was collected, when there is anything */
  throwIfAny(error: IssuesErrorClass, headline: string, place?: ErrorPlace): void {
    if (this.list.length > 0) throw new error(headline, this.list, place);
  }
}
