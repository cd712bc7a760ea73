import { answeredWithin } from '../../../kernel/time/answered-within.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import { inRootContext } from '../../../kernel/host/root-context.js';
import { LONGEST_OUTAGE_MS } from './data-keys.js';

/** How much is kept, and for how long. */
export interface KeyCacheLimits {
  /** Entries; the one used longest ago goes first. */
  readonly keys: number;
  /** How long an entry is used without asking again, milliseconds; from half of it on it is asked for in the background. */
  readonly forMs: number;
}

/** Where the entries come from. */
export interface KeyCacheParts<Value> {
  readonly clock: Clock;
  readonly limits: KeyCacheLimits;
  /** @param previous what the entry held @returns undefined: there is none, which is not kept */
  readonly load: (
    name: string,
    previous: Value | undefined,
    signal: AbortSignal,
  ) => Promise<Value | undefined>;
  /** Whether a value can never change: it is not asked for again. */
  readonly isFinal: (value: Value) => boolean;
}

/** How long one load may take, milliseconds. */
const LOAD_TIMEOUT_MS = 10_000;
/** How long a call waits for a load while it has an old entry that would do, milliseconds. */
const PATIENCE_MS = 2_000;
/** How long after a failed load of an entry the next one starts in the background, milliseconds. */
const RETRY_MS = 5_000;
/** How long an old entry is used without waiting after a load of it failed, milliseconds: until the next one has failed too. */
const AWAY_MS = 20_000;

interface Entry<Value> {
  readonly value: Value;
  readonly loadedAt: number;
  /** When a load of it failed last; undefined: none has since it was loaded. */
  failedAt: number | undefined;
}

/**
 * Keys at hand: what is fresh is answered at once, and one load serves all that wait for it. Whoever is asked may be away for ten minutes:
 * until then old entries go on working, but no longer.
 */
export class KeyCache<Value> {
  private readonly entries = new Map<string, Entry<Value>>();
  private readonly loads = new Map<string, Promise<Value | undefined>>();
  private readonly clock: Clock;

  constructor(private readonly parts: KeyCacheParts<Value>) {
    this.clock = parts.clock.steady();
  }

  /** What may be used without asking anybody, or undefined. */
  now(name: string): Value | undefined {
    const entry = this.entries.get(name);
    if (entry === undefined) return undefined;
    this.entries.delete(name);
    this.entries.set(name, entry);
    const { value, loadedAt, failedAt = Number.NEGATIVE_INFINITY } = entry;
    if (this.parts.isFinal(value)) return value;
    const now = this.clock.now();
    const age = now - loadedAt;
    const { forMs } = this.parts.limits;
    if (age >= forMs / 2 && now - failedAt >= RETRY_MS) this.load(name).catch(() => undefined);
    const usableMs = now - failedAt < AWAY_MS ? Math.max(forMs, LONGEST_OUTAGE_MS) : forMs;
    return age < usableMs ? value : undefined;
  }

  /**
   * What may be used, asked for if it is not at hand; undefined: there is none.
   * @throws what loading throws, when no old entry will do; signal.reason
   */
  async get(name: string, signal?: AbortSignal): Promise<Value | undefined> {
    return this.now(name) ?? this.reload(name, signal);
  }

  /** The same, asked for in any case. */
  async reload(name: string, signal?: AbortSignal): Promise<Value | undefined> {
    const old = this.entries.get(name);
    const now = this.clock.now();
    const isUsable = old !== undefined && now - old.loadedAt < LONGEST_OUTAGE_MS;
    const failedFor = now - (old?.failedAt ?? Number.NEGATIVE_INFINITY);
    if (isUsable && failedFor < RETRY_MS) return old.value;
    const loading = this.load(name);
    const answer = isUsable ? this.impatiently(loading, name, old.value) : loading;
    return signal === undefined ? answer : untilAborted(answer, signal);
  }

  /** Puts in what was learnt elsewhere. */
  put(name: string, value: Value): void {
    this.entries.delete(name);
    const { keys } = this.parts.limits;
    for (const oldest of this.entries.keys()) {
      if (this.entries.size < keys) break;
      this.entries.delete(oldest);
    }
    this.entries.set(name, { value, loadedAt: this.clock.now(), failedAt: undefined });
  }

  private async impatiently(
    loading: Promise<Value | undefined>,
    name: string,
    old: Value,
  ): Promise<Value | undefined> {
    try {
      return await answeredWithin(loading, PATIENCE_MS, () => new Error('It did not answer.'), this.clock);
    } catch {
      this.noteFailure(name);
      return this.entries.get(name)?.value ?? old;
    }
  }

  private load(name: string): Promise<Value | undefined> {
    const known = this.loads.get(name);
    if (known !== undefined) return known;
    const loading = inRootContext(() => this.loadOnce(name)).finally(() => this.loads.delete(name));
    this.loads.set(name, loading);
    return loading;
  }

  private async loadOnce(name: string): Promise<Value | undefined> {
    const controller = new AbortController();
    const tooLate = (): Error => {
      const error = new Error(`It did not answer within ${LOAD_TIMEOUT_MS} ms.`);
      controller.abort(error);
      return error;
    };
    try {
      const loading = this.parts.load(name, this.entries.get(name)?.value, controller.signal);
      const value = await answeredWithin(loading, LOAD_TIMEOUT_MS, tooLate, this.clock);
      if (value === undefined) this.entries.delete(name);
      else this.put(name, value);
      return value;
    } catch (error) {
      this.noteFailure(name);
      throw error;
    }
  }

  private noteFailure(name: string): void {
    const entry = this.entries.get(name);
    if (entry !== undefined) entry.failedAt = this.clock.now();
  }
}
