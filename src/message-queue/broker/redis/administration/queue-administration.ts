import type { ReplayRecord } from '../../../jobs/managed-job.js';
import { FIRST_VERSION } from '../../../jobs/queue-definition.js';
import type { TextPass, TextReader, TextReport } from '../../../jobs/sealing/stored-texts.js';
import type {
  CancelOutcome,
  FailedJob,
  FailedRange,
  FailedSweep,
  QueueSnapshot,
  LetterTarget,
} from '../../broker.js';
import type { GroupsOfQueue } from '../../groups-of-queue.js';
import type { JobsOfQueue } from '../../jobs-of-queue.js';
import { MOST_UNKNOWN_READ, unknownJobs } from '../../rules/other-releases.js';
import type { UnknownJobs } from '../../rules/other-releases.js';
import { unlessAway } from '../connections/unless-away.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { isWellFormed } from '../../../../kernel/values/well-formed.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { Spool } from '../spool/spool.js';
import { purgeQueueScript } from '../scripts/remove-jobs.lua.js';
import { readUnknownScript } from '../scripts/snapshot-queue.lua.js';
import type { ResolvedRedisBrokerOptions } from '../redis-broker.options.js';
import { DeadLetters } from './dead-letters.js';
import { FailedSweeper } from './failed-sweeper.js';
import { JobCanceller } from './job-canceller.js';
import { KnownQueues } from './known-queues.js';
import { RedisGroups } from './redis-groups.js';
import { RedisJobs } from './redis-jobs.js';
import type { RedisJobsParts } from './redis-jobs.js';
import { SnapshotReader } from './snapshot-reader.js';
import { TextReplacer } from './text-replacer.js';

/** Reply of {@link readUnknownScript}. */
type UnknownReply = readonly [count: number, jobs: readonly (readonly [name: string, mark: string])[]];

/** What administration depends on. */
export interface AdministrationParts extends RedisJobsParts {
  readonly options: ResolvedRedisBrokerOptions;
}

/** Most jobs removed by one command: more would block Redis for other clients. */
const PURGE_STEP = 1_000;

/** What it stands on. */
export interface AdministrationParts {
  readonly scripts: RedisScripts;
  readonly connections: RedisConnections;
  readonly options: ResolvedRedisBrokerOptions;
  /** Null when adds are not spooled. */
  readonly spool: Spool | null;
}

/**
 * What people do to the queues of a broker, as its methods of the same names promise. Every call rejects with
 * `BrokerUnavailableError` when Redis has been away for two seconds, or refuses.
 */
export class QueueAdministration {
  readonly knownQueues: KnownQueues;
  private readonly scripts: RedisScripts;
  private readonly connections: RedisConnections;
  private readonly canceller: JobCanceller;
  private readonly deadLetters: DeadLetters;
  private readonly failedSweeper: FailedSweeper;
  readonly snapshots: SnapshotReader;
  private readonly textReplacer: TextReplacer;

  /** @param now milliseconds since the epoch */
  constructor(
    private readonly parts: AdministrationParts,
    private readonly now: () => number,
  ) {
    const { scripts, connections, options, spool } = parts;
    this.scripts = scripts;
    this.connections = connections;
    this.textReplacer = new TextReplacer(scripts, connections, spool);
    this.canceller = new JobCanceller(scripts, connections);
    this.deadLetters = new DeadLetters(scripts);
    this.failedSweeper = new FailedSweeper(scripts);
    this.snapshots = new SnapshotReader({ scripts, connections });
    this.knownQueues = new KnownQueues(options, connections, this.snapshots);
  }

  cancel(queue: RedisQueue, jobId: string, reason: string): Promise<CancelOutcome> {
    // No job has such an id, but Redis would read it as that of another. Below too.
    if (!isWellFormed(jobId)) return Promise.resolve('not-found');
    return this.answer(queue, 'cancelling a job', this.canceller.cancel(queue, jobId, reason, this.now()));
  }

  readFailed(queue: RedisQueue, range: FailedRange): Promise<(FailedJob | null)[]> {
    return this.answer(queue, 'reading dead letters', this.deadLetters.read(queue, range));
  }

  replay(
    queue: RedisQueue,
    jobs: readonly LetterTarget[],
    replay: ReplayRecord,
  ): Promise<ReadonlySet<string>> {
    const named = jobs.filter(({ id }) => isWellFormed(id));
    const replayed = this.deadLetters.replay(queue, named, replay, this.now());
    return this.answer(queue, 'replaying dead letters', replayed);
  }

  discard(queue: RedisQueue, jobs: readonly LetterTarget[]): Promise<ReadonlySet<string>> {
    const named = jobs.filter(({ id }) => isWellFormed(id));
    return this.answer(queue, 'discarding dead letters', this.deadLetters.discard(queue, named));
  }

  sweepFailed(queue: RedisQueue, step: number): Promise<FailedSweep> {
    return this.answer(queue, 'removing old dead letters', this.failedSweeper.sweep(queue, step, this.now()));
  }

  async purge(queue: RedisQueue): Promise<number> {
    let removed = 0;
    for (;;) {
      const answer = this.scripts.runPatiently(purgeQueueScript, queue.base, [PURGE_STEP]);
      const step = Number(await this.answer(queue, 'purging jobs', answer));
      removed += step;
      if (step < PURGE_STEP) break;
    }
    await this.answer(queue, 'planning the runs of schedules', queue.keepSchedules());
    return removed;
  }

  jobsOf(queue: RedisQueue): JobsOfQueue {
    return new RedisJobs(queue, this.parts);
  }

  groupsOf(queue: RedisQueue): GroupsOfQueue {
    return new RedisGroups(queue, this.parts);
  }

  snapshot(queue: RedisQueue): Promise<QueueSnapshot> {
    return this.answer(queue, 'counting jobs', this.snapshots.read(queue.base));
  }

  async readUnknown(queue: RedisQueue): Promise<UnknownJobs> {
    const answer = this.scripts.runPatiently(readUnknownScript, queue.base, [MOST_UNKNOWN_READ]);
    const [count, jobs] = (await this.answer(queue, 'reading unknown jobs', answer)) as UnknownReply;
    return unknownJobs(
      count,
      jobs.map(([job, mark]) => {
        const [since, version] = mark.split(' ').map(Number);
        return { job, since: since ?? 0, version: version ?? FIRST_VERSION };
      }),
    );
  }

  replaceTexts(queue: RedisQueue, read: TextReader, pass?: TextPass): Promise<TextReport> {
    return this.textReplacer.replace(queue, read, pass);
  }

  private answer<T>({ name }: RedisQueue, what: string, answer: Promise<T>): Promise<T> {
    return unlessAway(name, what, this.connections, answer);
  }
}
