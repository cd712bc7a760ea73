import type { FailedSettlement, PassedOnSettlement, Settlement } from '../../../jobs/settlement.js';
import { compactOptions, fullOptions } from '../../../admission/stored-options.js';
import { PAUSE_PER_PASSED_ON_MS } from '../../rules/other-releases.js';
import { boundedJson } from '../../../../kernel/values/bounded-text.js';
import { failureLanding } from '../../rules/job-landing.js';
import type { FailureLanding } from '../../rules/job-landing.js';
import type { TakenEntry } from '../bull/taken-entry.js';
import { readOptions } from '../bull/stored-job.js';
import {
  endPassingOnScript,
  failJobScript,
  passOnScript,
  releaseJobsScript,
} from '../scripts/fail-job.lua.js';
import type { QueueCommands } from './queue-commands.js';
import type { RedisTakenJob } from '../bull/redis-taken-job.js';

/** How many jobs that wait are passed on at once together with the one that was taken. */
const MOST_PASSED_ON = 200;
/** Of the reason of a letter that has no history. */
const LETTER_REASON_BYTES = 700;

/** How a run ended whose job runs again as if it had not run. */
type PutOffSettlement = Extract<Settlement, { kind: 'deferred' | 'handed-back' | 'passed-on' }>;

/** Stores the ends of runs that did not complete. */
export class EndWriter {
  constructor(private readonly commands: QueueCommands) {}

  /** @returns what was stored; null when the job is no longer ours: nothing was stored */
  async fail(
    { id, job, fence, crashes, storedOptions }: RedisTakenJob,
    settlement: FailedSettlement,
    now: number,
  ): Promise<FailureLanding | null> {
    const { attemptsMade, stacktrace } = job;
    const { definition } = this.commands.queue;
    const fields = { id, timestamp: job.timestamp, priority: job.opts.priority ?? 0 };
    for (let stored = storedOptions; ;) {
      const options = fullOptions(definition, readOptions(stored), fields);
      const landing = failureLanding({ options, attemptsMade, stacktrace, crashes }, settlement, now);
      const reply = await this.commands.runUntilAnswered(failJobScript, [
        ...[this.commands.queue.lockToken, id, now, whenAgain(settlement.retryDelayMs, now)],
        ...[landing.reason, JSON.stringify(landing.stacktrace), landing.attemptsMade],
        ...[
          JSON.stringify(compactOptions(definition, landing.options, fields)),
          stored,
          JSON.stringify({ jobId: id, val: landing.reason }),
        ],
        ...[job.opts.lifo === true ? '1' : '', fence, ...this.kept],
        landing.options.mq?.cancelled === undefined ? '1' : '',
      ]);
      // Somebody changed the options meanwhile: add the failure to the current ones.
      if (typeof reply === 'string') stored = reply;
      else return reply === 0 ? null : landing;
    }
  }

  /**
   * Makes a dead letter of a stored job that cannot be read.
   * @returns false when the job is no longer ours: nothing was stored
   */
  async bury({ id, ...stored }: TakenEntry, reason: string, now: number): Promise<boolean> {
    const { attemptsMade, mqRun } = stored;
    const opts = stored.opts ?? '{}';
    const made = Number(attemptsMade ?? 0);
    const text = boundedJson(reason, LETTER_REASON_BYTES);
    const reply = await this.commands.runUntilAnswered(failJobScript, [
      ...[
        this.commands.queue.lockToken,
        id,
        now,
        'dead',
        text,
        '[]',
        Number.isSafeInteger(made) && made >= 0 ? made + 1 : 1,
      ],
      ...[opts, opts, JSON.stringify({ jobId: id, val: text }), '', mqRun ?? '', ...this.kept, '1'],
    ]);
    return reply !== 0;
  }

  /** Dead letters to keep, and their bytes. */
  private get kept(): [number, number] {
    const { failedCount, failedBytes } = this.commands.queue.definition.retention;
    return [failedCount, failedBytes];
  }

  /** Stores that a job runs again later, or at once elsewhere, without having spent an attempt. @returns false when the job is no longer ours */
  async putOff(taken: RedisTakenJob, settlement: PutOffSettlement, now: number): Promise<boolean> {
    if (settlement.kind === 'passed-on') return this.passOn(taken, settlement, now);
    const { lockToken } = this.commands.queue;
    const since = settlement.kind === 'deferred' ? (settlement.since ?? '') : '';
    const args = [lockToken, taken.id, taken.fence, ...whenPutOff(settlement, now), now, since];
    const [stored] = (await this.commands.runUntilAnswered(releaseJobsScript, args)) as number[];
    return stored === 1;
  }

  /** A job that this worker does not know. */
  private async passOn(
    { id, fence, job, unknownSince }: RedisTakenJob,
    { delayMs, leftMs, since, version }: PassedOnSettlement,
    now: number,
  ): Promise<boolean> {
    const pauses = [Math.max(1, Math.round(delayMs)), Math.round(leftMs)];
    // A run of a schedule adds the next one, and a LIFO job stands in another lane than its priority says.
    const isAlone = unknownSince !== undefined || job.opts.repeat !== undefined || job.opts.lifo === true;
    const others = isAlone ? 0 : MOST_PASSED_ON;
    const { lockToken } = this.commands.queue;
    const args = [lockToken, id, fence, now, ...pauses, since, version, others, PAUSE_PER_PASSED_ON_MS];
    const reply = await this.commands.runUntilAnswered(passOnScript, args);
    return reply === 1;
  }

  /** This worker knows a job that others passed on: should it be passed on again, it waits anew. */
  async endPassingOn({ id, fence }: RedisTakenJob): Promise<void> {
    await this.commands.runUntilAnswered(endPassingOnScript, [this.commands.queue.lockToken, id, fence]);
  }

  /** Gives jobs back that did not begin, in order, at the front of their lanes; those that are no longer ours stay where they are. */
  async handBack(jobs: readonly Pick<RedisTakenJob, 'id' | 'fence'>[]): Promise<void> {
    const args = jobs.flatMap(({ id, fence }) => [id, fence, 0, '', '', '']);
    await this.commands.runUntilAnswered(releaseJobsScript, [this.commands.queue.lockToken, ...args]);
  }
}

/** When to run again, 0 for at once at the front of its lane; and for how long its rate is closed, if it is. */
function whenPutOff(
  settlement: Exclude<PutOffSettlement, PassedOnSettlement>,
  now: number,
): [again: number, closedMs: number | ''] {
  if (settlement.kind === 'handed-back') return [0, ''];
  const pauseMs = Math.max(1, Math.round(settlement.delayMs));
  return [now + pauseMs, settlement.closesRate === true ? pauseMs : ''];
}

function whenAgain(retryDelayMs: number | null, now: number): string | number {
  if (retryDelayMs === null) return 'dead';
  return retryDelayMs <= 0 ? 0 : now + Math.round(retryDelayMs);
}
