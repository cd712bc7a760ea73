import { RunPace } from './run-pace.js';

describe('RunPace', () => {
  function paceAfter(...runs: readonly number[]): RunPace {
    const pace = new RunPace(2);
    // Enough that waited no time, so that only the runs count.
    for (let n = 0; n < 200; n++) pace.noteWait(0, 1);
    for (const ms of runs) pace.noteRun(ms);
    return pace;
  }

  it('lets no job be taken ahead until a run was measured, and one per handler then', () => {
    const pace = new RunPace(2);
    expect(pace.ahead).toBe(0);
    pace.noteRun(0.1);
    expect(pace.ahead).toBe(2);
  });

  it.each([
    ['five milliseconds: two rounds', [5], 4],
    ['ten milliseconds: one round', [10], 2],
    ['longer than that: none', [10.5], 0],
    ['no time at all: a hundred', [0], 100],
    ['a long time once: none', [0.1, 0.1, 500, 0.1], 0],
  ] as const)(
    'lets as many be taken ahead as begin within ten milliseconds when runs take %s',
    (_, runs, ahead) => {
      expect(paceAfter(...runs).ahead).toBe(ahead);
    },
  );

  it('trusts shorter runs by and by', () => {
    const pace = paceAfter(40);
    let runs = 0;
    for (; pace.ahead === 0; runs += 1) pace.noteRun(0.1);
    expect(runs).toBeGreaterThan(10);
    expect(runs).toBeLessThan(40);
  });

  it('lets fewer be taken ahead when they wait longer than that, and more again when they do not', () => {
    const pace = paceAfter(0.01);
    pace.noteWait(20, 50);
    expect(pace.ahead).toBe(25);
    pace.noteWait(8, 25);
    expect(pace.ahead).toBe(25);
    pace.noteWait(1, 25);
    expect(pace.ahead).toBe(26);
  });

  it('lets fewer be taken ahead when payloads are large, and more again when they are not', () => {
    const pace = paceAfter(0.1);
    pace.noteSize(300);
    expect(pace.ahead).toBe(100);
    for (let n = 0; n < 100; n++) pace.noteSize(50_000);
    expect(pace.ahead).toBe(5);
    for (let n = 0; n < 100; n++) pace.noteSize(300);
    expect(pace.ahead).toBe(100);
    for (let n = 0; n < 100; n++) pace.noteSize(1_000_000);
    expect(pace.ahead).toBe(0);
  });

  it('begins anew once it was told to forget', () => {
    const pace = paceAfter(0.1);
    pace.forget();
    expect(pace.ahead).toBe(0);
    pace.noteRun(0.1);
    expect(pace.ahead).toBe(1);
  });

  it.each([
    [300, 100],
    [20_000, 3],
    [50_000, 1],
    [5_000_000, 1],
  ])('lets a call bring payloads of %i characters that come in one read: %i of them', (size, jobs) => {
    const pace = new RunPace(10);
    expect(pace.perCall).toBe(100);
    pace.noteSize(size);
    expect(pace.perCall).toBe(jobs);
  });
});
