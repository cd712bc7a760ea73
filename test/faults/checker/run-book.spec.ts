import type { FaultNote, NoteLine } from '../process/run-notes.js';
import { judgeRuns } from './run-book.js';

/** `start a#7 1.1 @2`: what, key and id, run, attempt (1 unless said). */
function line(text: string): NoteLine {
  const [what, job = '-', run = '-', attempt = '@1'] = text.split(' ') as [FaultNote, ...string[]];
  const [key = '-', jobId = key] = job.split('#');
  return { what, key, jobId, run, attempt: Number(attempt.slice(1)) };
}

const judged = (...lines: string[]): ReturnType<typeof judgeRuns> => judgeRuns(lines.map(line));
const EXIT_OF_1 = { what: 'exit', key: '-', jobId: '-', run: '1', attempt: 0 } as const;
const LOCK_OF_A = { what: 'expired', key: '-', jobId: 'a', run: '-', attempt: 0 } as const;

describe('the judgement of runs', () => {
  it('has nothing against a job that runs once', () => {
    expect(judged('start a 1.1', 'done a 1.1')).toMatchObject({ afterDeath: 0, afterLoss: 0, broken: [] });
  });

  it('sees a job that runs again after it was done', () => {
    const { broken } = judged('start a 1.1', 'done a 1.1', 'start a 2.1');
    expect(broken).toEqual(['a ran again without cause, after its run in process 1 was done']);
  });

  it('sees a job that runs beside itself', () => {
    expect(judged('start a 1.1', 'start a 2.1').broken).toEqual([
      'a ran again without cause, while its run in process 1 went on',
    ]);
  });

  it('counts a run whose worker died', () => {
    const lines = [line('start a 1.1'), EXIT_OF_1, line('start a 2.1'), line('done a 2.1')];
    const { broken, cutShort, ...counts } = judgeRuns(lines);
    expect(counts).toMatchObject({ afterDeath: 1, afterLoss: 0 });
    expect([broken, cutShort.get('a')]).toEqual([[], 1]);
  });

  it('does not count the runs that were over when their worker ended', () => {
    const { cutShort } = judgeRuns([line('start a 1.1'), line('done a 1.1'), EXIT_OF_1]);
    expect(cutShort.get('a')).toBe(0);
  });

  it('counts a run whose lock ran out, once', () => {
    const once = [line('start a 1.1'), LOCK_OF_A, line('start a 2.1')];
    expect(judgeRuns(once)).toMatchObject({ afterLoss: 1, broken: [] });
    expect(judgeRuns([...once, line('start a 3.1')]).broken).toHaveLength(1);
  });

  it('knows a lock that ran out before its run noted that it began', () => {
    expect(judgeRuns([LOCK_OF_A, line('start a 1.1'), line('start a 2.1')])).toMatchObject({ broken: [] });
  });

  it('counts an attempt that failed, and none that was given back', () => {
    expect(judged('start a 1.1', 'failed a 1.1', 'start a 1.2 @2').broken).toEqual([]);
    expect(judged('start a 1.1', 'back a 1.1', 'start a 1.2').broken).toEqual([]);
    expect(judged('start a 1.1', 'failed a 1.1', 'start a 1.2').broken).toEqual([
      'a was run as attempt 1 after attempt 1, which failed',
    ]);
    expect(judged('start a 1.1', 'back a 1.1', 'start a 1.2 @2').broken).toEqual([
      'a was run as attempt 2 after attempt 1, which was given back',
    ]);
  });

  it('sees attempts beyond those that a job has, and runs before their time', () => {
    expect(judged('start a 1.1 @4', 'early a 1.1').broken).toEqual([
      'a was run as attempt 4 of 3',
      'a began before it was due',
    ]);
  });

  it('tells the run that began last, and the ids that ran for a key', () => {
    const { lastRun, idsOf } = judged('start a#1 1.1', 'start a#2 1.2');
    expect([...lastRun]).toEqual([
      ['1', '1.1'],
      ['2', '1.2'],
    ]);
    expect([...(idsOf.get('a') ?? [])]).toEqual(['1', '2']);
  });
});
