import { CLOCK_STEPS, setClock } from '../../../test/support/set-clock.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { Clock, SystemClock } from '../time/clock.js';
import type { ClockTimer } from '../time/clock.js';
import { RepeatedLines } from './repeated-lines.js';

class HandClock extends Clock {
  private time = 1_000;
  readonly timers = new Map<object, { at: number; callback: () => void }>();

  now(): number {
    return this.time;
  }

  setTimer(callback: () => void, delayMs: number): ClockTimer {
    const key = {};
    this.timers.set(key, { at: this.time + delayMs, callback });
    return { cancel: () => void this.timers.delete(key) };
  }

  pass(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const due = [...this.timers]
        .filter(([, { at }]) => at <= until)
        .toSorted(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].callback();
    }
    this.time = until;
  }
}

describe('RepeatedLines', () => {
  let clock: HandClock;
  let written: string[];
  let lines: RepeatedLines;
  const add = (kind: string, text = kind): void =>
    lines.add({
      kind,
      write: () => written.push(text),
      sum: ({ count, seconds }) => written.push(`${text} +${count} in ${seconds} s`),
    });

  beforeEach(() => {
    clock = new HandClock();
    written = [];
    lines = new RepeatedLines(clock, 60_000);
  });

  it.each(CLOCK_STEPS)("sums up in time when the machine's clock is set %s", async (_step, byMs) => {
    lines = new RepeatedLines(new SystemClock(), 20);
    add('down');
    const reset = setClock(byMs);
    try {
      add('down', 'again');
      await waitUntil(() => written.length === 2, 'the sum', 10_000);
    } finally {
      reset();
    }
    lines.flush();
    expect(written).toEqual(['down', expect.stringMatching(/^again \+1 in \d s$/)]);
  });

  it('writes the first of a kind in full, then one line per interval', () => {
    for (let second = 0; second < 150; second++) {
      for (let n = 0; n < 100; n++) add('down', `down ${second}`);
      clock.pass(1_000);
    }
    expect(written).toEqual(['down 0', 'down 59 +5999 in 60 s', 'down 119 +6000 in 60 s']);
    lines.flush();
    expect(written.slice(3)).toEqual(['down 149 +3000 in 30 s']);
  });

  it('starts a kind anew of which none came for an interval', () => {
    add('a');
    clock.pass(30_000);
    add('b');
    add('b');
    clock.pass(30_000);
    add('a');
    clock.pass(30_000);
    expect(written).toEqual(['a', 'b', 'a', 'b +1 in 60 s']);
    clock.pass(200_000);
    expect(clock.timers.size).toBe(0);
    add('b');
    expect(written).toHaveLength(5);
  });

  it('tells a bounded number of kinds apart', () => {
    for (let n = 0; n < 1_000; n++) add(`kind ${n}`);
    expect(written).toHaveLength(201);
    lines.flush();
    expect(written.slice(201)).toEqual(['kind 999 +799 in 1 s']);
    expect(clock.timers.size).toBe(0);
  });

  it('writes every line when it is told to', () => {
    lines = new RepeatedLines(clock, 0);
    for (let n = 0; n < 3; n++) add('a');
    expect(written).toEqual(['a', 'a', 'a']);
    expect(clock.timers.size).toBe(0);
  });
});
