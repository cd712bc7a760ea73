import type { JobReport } from './job-reports.js';
import { RunStatistics } from './run-statistics.js';

const JOB = { queue: 'message-delivery', jobId: 'm1' };

function statisticsOf(reports: readonly JobReport[]): RunStatistics {
  const statistics = new RunStatistics();
  for (const report of reports) statistics.take(report);
  return statistics;
}

describe('RunStatistics', () => {
  const added: JobReport = { ...JOB, kind: 'added', at: 100 };
  const started: JobReport = { ...JOB, kind: 'started', at: 130 };
  const succeeded: JobReport = { ...JOB, kind: 'succeeded', at: 140, durationMs: 10 };
  const retrying: JobReport = { ...JOB, kind: 'retrying', at: 135, delayMs: 2_000, spent: true };
  const deadLettered: JobReport = { ...JOB, kind: 'deadLettered', at: 140 };

  it.each([
    ['as things happened', [added, started, succeeded]],
    ['with the add heard of last', [started, succeeded, added]],
  ])('counts a job of another process the same: %s', (_, reports) => {
    const statistics = statisticsOf(reports);
    expect(statistics.progress).toMatchObject({ ended: 1, total: 1 });
    expect(statistics.rows([JOB.queue])).toEqual([
      {
        queue: JOB.queue,
        jobs: 1,
        succeeded: 1,
        retried: 0,
        deadLettered: 0,
        shredded: 0,
        medianWaitMs: 30,
        medianRunMs: 10,
      },
    ]);
  });

  it('counts a job that runs twice once', () => {
    const { progress } = statisticsOf([added, started, started, succeeded, succeeded]);
    expect(progress).toMatchObject({ ended: 1, total: 1 });
  });

  it('knows when the next retry is due, until it starts', () => {
    const statistics = statisticsOf([added, started, retrying]);
    expect(statistics.progress).toEqual({ ended: 0, total: 1, waitingForRetry: 1, nextRetryAt: 2_135 });
    statistics.take(started);
    expect(statistics.progress).toMatchObject({ waitingForRetry: 0, nextRetryAt: null });
    statistics.take(succeeded);
    expect(statistics.retriedThenSucceeded).toBe(1);
  });

  it('takes a later try that costs no attempt for no failure', () => {
    const statistics = statisticsOf([added, started, { ...retrying, spent: false }, started, succeeded]);
    expect(statistics.retriedThenSucceeded).toBe(0);
  });

  it('has a dead letter end again after its replay', () => {
    const statistics = statisticsOf([added, started, deadLettered]);
    expect(statistics).toMatchObject({ deadLettered: 1, deadLettersLeft: 1, progress: { ended: 1 } });
    statistics.replayed(JOB.queue, JOB.jobId);
    expect(statistics.progress.ended).toBe(0);
    statistics.take(succeeded);
    expect(statistics).toMatchObject({ deadLettered: 1, deadLettersLeft: 0, progress: { ended: 1 } });
  });

  it('has a shredded job end, and counts it as nothing else', () => {
    const statistics = statisticsOf([added, { ...JOB, kind: 'shredded', at: 140 }]);
    expect(statistics.progress.ended).toBe(1);
    expect(statistics.rows([JOB.queue])).toMatchObject([
      { jobs: 1, succeeded: 0, deadLettered: 0, shredded: 1 },
    ]);
  });

  it('leaves out jobs that were there before', () => {
    const { progress } = statisticsOf([started, succeeded]);
    expect(progress).toMatchObject({ ended: 0, total: 0 });
  });

  it('counts jobs that succeeded in their places', () => {
    const statistics = new RunStatistics();
    const succeed = (jobId: string): void => statistics.take({ ...succeeded, jobId });
    for (const jobId of ['a', 'c', 'b', 'd', 'a']) succeed(jobId);
    const { queue } = JOB;
    expect(statistics.inOrder(queue, ['a', 'c', 'b', 'd'])).toBe(4);
    expect(statistics.inOrder(queue, ['a', 'b', 'c', 'd'])).toBe(3);
    expect(statistics.inOrder(queue, ['a', 'x', 'd'])).toBe(2);
  });
});
