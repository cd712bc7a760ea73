import fc from 'fast-check';
import type { RateLimit } from './rate.js';
import { closeBucket, lookAtBucket, spend } from './rate-bucket.js';
import type { Bucket } from './rate-bucket.js';
import { askForStart, endOfLine } from './reserved-start.js';
import type { ReservedLine } from './reserved-start.js';

const START = 1_900_000_000_000_000;
const CATCH_UP_US = 50_000;
const stepOf = ({ limit, perMs }: RateLimit): number => Math.ceil((perMs * 1_000) / limit);

/** Jobs that ask one rate and come again when they are told, late by as much as `lateUs` says. */
class Asking {
  bucket: Bucket | undefined;
  line: ReservedLine | undefined;
  readonly starts: number[] = [];
  readonly runs = new Map<string, number>();
  private readonly own = new Map<string, number>();
  private readonly due: { readonly id: string; readonly at: number }[] = [];

  constructor(
    public rate: RateLimit,
    private readonly lateUs: () => number,
  ) {}

  add(id: string, at: number): void {
    this.due.push({ id, at });
  }

  /** Until all have started. */
  run(): void {
    for (;;) {
      this.due.sort((a, b) => a.at - b.at);
      const next = this.due.shift();
      if (next === undefined) return;
      const waits = this.ask(next.id, next.at);
      if (waits !== null) this.add(next.id, waits + this.lateUs());
    }
  }

  /** @returns when it is to ask again; null: it starts */
  ask(id: string, now: number): number | null {
    const { rate } = this;
    this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
    const look = lookAtBucket(this.bucket, now, rate);
    const end = this.line === undefined ? now : endOfLine(this.line, now, rate);
    const answer = askForStart(look, this.own.get(id), end, now, rate);
    const starts = answer.kind === 'starts';
    this.bucket = spend(look, now, starts ? 1 : 0, !starts || end > now, rate);
    if (answer.kind === 'starts') {
      this.starts.push(now);
      return null;
    }
    if (answer.joins) {
      this.own.set(id, answer.at);
      this.line = { end: answer.at + stepOf(rate), step: stepOf(rate) };
    }
    return answer.at;
  }

  /** Starts that are too many in the window that they span. */
  excess(): number[] {
    const { limit, perMs, burst = 1 } = this.rate;
    return this.starts.flatMap((from, i) =>
      this.starts.slice(i).flatMap((to, more) => {
        const allowed = burst + (limit * (to - from + CATCH_UP_US)) / (perMs * 1_000);
        return more + 1 > allowed + 1e-6 ? [to - from] : [];
      }),
    );
  }
}

const TEN_A_SECOND = { limit: 10, perMs: 1_000 };
const rates = fc.record({
  limit: fc.integer({ min: 1, max: 100 }),
  perMs: fc.integer({ min: 1, max: 10_000 }),
  burst: fc.integer({ min: 1, max: 5 }),
});

describe('a start that is reserved', () => {
  it('is the job’s own: whoever comes at its time, or up to 50 ms late, starts in its second run', () => {
    const late = fc.array(fc.integer({ min: 0, max: CATCH_UP_US }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(rates, late, fc.integer({ min: 1, max: 60 }), (rate, lateness, count) => {
        let turn = 0;
        const asking = new Asking(rate, () => lateness[(turn += 1) % lateness.length] ?? 0);
        for (let i = 0; i < count; i += 1) asking.add(`job-${i}`, START + i);
        asking.run();
        expect(asking.excess()).toEqual([]);
        // Catching up is about a rate that is slower than timers are late.
        if (stepOf(rate) > CATCH_UP_US) expect(Math.max(...asking.runs.values())).toBeLessThanOrEqual(2);
      }),
      { numRuns: 200 },
    );
  });

  it('lets no more start than the rate allows, however late they come, and lets all start', () => {
    const late = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(rates, late, fc.integer({ min: 1, max: 40 }), (rate, lateness, count) => {
        let turn = 0;
        const asking = new Asking(rate, () => lateness[(turn += 1) % lateness.length] ?? 0);
        for (let i = 0; i < count; i += 1) asking.add(`job-${i}`, START + i * 1_000);
        asking.run();
        expect(asking.starts).toHaveLength(count);
        expect(asking.excess()).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('is kept: whoever asks too early is told the same time, and takes no place from others', () => {
    const asking = new Asking(TEN_A_SECOND, () => 0);
    asking.ask('a', START);
    expect(asking.ask('b', START)).toBe(START + 100_000);
    expect(asking.ask('b', START + 1_000)).toBe(START + 100_000);
    expect(asking.ask('c', START + 1_000)).toBe(START + 200_000);
  });

  it('is after those of the others: nobody who is new passes those in line', () => {
    const asking = new Asking(TEN_A_SECOND, () => 0);
    asking.ask('a', START);
    asking.ask('b', START);
    // Its token is free, and not there for others.
    expect(asking.ask('new', START + 120_000)).toBe(START + 200_000);
    expect(asking.ask('b', START + 130_000)).toBeNull();
  });

  it('is put off to the end of the line while somebody has closed the rate, one by one', () => {
    const asking = new Asking(TEN_A_SECOND, () => 0);
    for (const id of ['a', 'b', 'c']) asking.ask(id, START);
    asking.bucket = closeBucket(asking.bucket, START, 30_000, TEN_A_SECOND);
    const opensAt = START + 30_000_000;
    expect(asking.ask('b', START + 100_000)).toBe(opensAt);
    expect(asking.ask('c', START + 200_000)).toBe(opensAt + 100_000);
    expect(asking.ask('b', opensAt)).toBeNull();
    expect(asking.ask('c', opensAt + 100_000)).toBeNull();
  });

  it('of many that come at once after a pause gets each a time of its own again', () => {
    const asking = new Asking(TEN_A_SECOND, () => 0);
    for (let i = 0; i < 20; i += 1) asking.ask(`job-${i}`, START);
    const later = START + 600_000_000;
    const times = Array.from({ length: 20 }, (_, i) => asking.ask(`job-${i}`, later));
    const waiting = times.filter((at) => at !== null);
    expect(new Set(waiting).size).toBe(waiting.length);
    expect(waiting).toHaveLength(19);
  });

  it('goes by a rate that was changed for all who join from then on', () => {
    const asking = new Asking({ limit: 1, perMs: 3_600_000 }, () => 0);
    for (let i = 0; i < 4; i += 1) asking.ask(`job-${i}`, START);
    asking.rate = TEN_A_SECOND;
    expect(asking.ask('new', START)).toBeLessThanOrEqual(START + 500_000);
  });
});
