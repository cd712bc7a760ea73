import { Processor } from '@nestjs/bull';
import { IsIn, IsString } from 'class-validator';
import { defineQueue, JobHandler, RetryLater, UnrecoverableJobError } from '../../src/message-queue/index.js';
import type { JobContext } from '../../src/message-queue/index.js';

/** What is asked of Redis for a job: the end of its run, its lock, its turn. The first ones are running when Redis begins to refuse. */
export const HELD = ['complete', 'fail', 'retry', 'defer', 'renew', 'progress'] as const;
export const ACTS = [...HELD, 'take', 'promote', 'recover'] as const;
export type Act = (typeof ACTS)[number];

const rounds = new Map<string, Round>();

/** One spell of a Redis that refuses, as the handlers see it. */
export class Round {
  private readonly runs = new Map<Act, number>();
  private begin: () => void = () => undefined;
  private end: () => void = () => undefined;
  /** Redis refuses. */
  readonly begun = new Promise<void>((resolve) => (this.begin = resolve));
  /** Redis takes calls again. */
  readonly over = new Promise<void>((resolve) => (this.end = resolve));

  constructor(readonly name: string) {
    rounds.set(name, this);
  }

  refuses(): void {
    this.begin();
  }

  obeys(): void {
    this.end();
  }

  runsOf(act: Act): number {
    return this.runs.get(act) ?? 0;
  }

  note(act: Act): number {
    const run = this.runsOf(act) + 1;
    this.runs.set(act, run);
    return run;
  }
}

export class RoundJobDto {
  @IsString()
  round!: string;

  @IsIn(ACTS)
  act!: Act;
}

const queueOf = (name: string): ReturnType<typeof defineQueue<string, { work: typeof RoundJobDto }>> =>
  defineQueue({
    name,
    description: 'Jobs of a test.',
    jobs: { work: RoundJobDto },
    concurrency: 6,
    attempts: 2,
    backoff: { type: 'fixed', delayMs: 20 },
    timeoutMs: 60_000,
  });

/** `still` and `spare` are paused: what their jobs are is the test's. */
export const [WORK, STILL, SPARE] = [queueOf('work'), queueOf('still'), queueOf('spare')];

@Processor('work')
export class RoundProcessor {
  @JobHandler('work')
  async work({ round: name, act }: RoundJobDto, context: JobContext): Promise<void> {
    const round = rounds.get(name);
    if (round === undefined) throw new UnrecoverableJobError(`There is no round ${name}.`);
    const isFirst = round.note(act) === 1;
    if (act === 'renew') await round.over;
    if (!isFirst || !(HELD as readonly string[]).includes(act)) return;
    await round.begun;
    if (act === 'fail') throw new UnrecoverableJobError('no');
    if (act === 'retry') throw new Error('once');
    if (act === 'defer') throw new RetryLater(20);
    if (act !== 'progress') return;
    for (const percentage of [10, 20, 30]) await context.progress({ percentage });
  }
}

@Processor('still')
export class StillProcessor {
  @JobHandler('work')
  work(): void {
    throw new UnrecoverableJobError('This queue is paused.');
  }
}

@Processor('spare')
export class SpareProcessor {
  @JobHandler('work')
  work(): void {
    throw new UnrecoverableJobError('This queue is paused.');
  }
}
