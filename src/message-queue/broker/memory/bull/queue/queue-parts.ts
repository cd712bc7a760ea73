import type { EventEmitter } from 'node:events';
import type { JobId, Queue } from 'bull';
import { SystemClock } from '../../../../../kernel/time/clock.js';
import { expiredEnd } from '../../../rules/ended-job.js';
import { JOB_ENDED } from '../../../rules/events/local-events.js';
import { JobSettler } from '../../store/job-settler.js';
import type { MemoryBudget } from '../../store/memory-budget.js';
import { QueueEngine } from '../../store/queue-engine.js';
import { unstartedJob } from '../../store/stored-job.js';
import type { StoredJob } from '../../store/stored-job.js';
import { JobAdding } from '../adding/job-adding.js';
import type { AssertRoom } from '../adding/job-adding.js';
import { QueueSchedules } from '../adding/queue-schedules.js';
import { JobEnding } from '../job/job-ending.js';
import { JobMoves } from '../job/job-moves.js';
import { MemoryJob } from '../job/memory-job.js';
import { QueueRunning } from '../running/queue-running.js';
import { RateLimiter } from '../running/rate-limiter.js';
import { EventRegistrations } from './event-registrations.js';
import type { MemoryQueueOptions, QueueSettings } from './memory-queue.options.js';
import { QueueExtras } from './queue-extras.js';
import { QueueReads } from './queue-reads.js';
import { QueueUpkeep } from './queue-upkeep.js';

/** The queue that the parts make up, and what it lets its subclass decide. */
export interface QueueShell {
  readonly queue: EventEmitter & { readonly settings: QueueSettings };
  readonly name: string;
  readonly budget: MemoryBudget;
  /** Throws when the queue takes no more. */
  readonly assertRoom: AssertRoom;
  /** Runs a job that the loop has taken. */
  runJob(stored: StoredJob, number: number): void;
}

/** Equal to Bull: what its queue in memory is put together from, and how the parts know each other. */
export class QueueParts {
  readonly engine: QueueEngine;
  readonly settler: JobSettler;
  readonly adding: JobAdding;
  readonly schedules: QueueSchedules;
  readonly running: QueueRunning;
  readonly reads: QueueReads;
  readonly upkeep: QueueUpkeep;
  readonly registrations: EventRegistrations;
  /** A handle on a stored job. */
  readonly handleOf: (stored: StoredJob) => MemoryJob;

  constructor(shell: QueueShell, { clock, limiter, metrics, minRepeatMs = 1, flow }: MemoryQueueOptions) {
    const { queue, name, budget, assertRoom } = shell;
    const { drainDelay, backoffStrategies } = queue.settings;
    const extras = new QueueExtras(name, metrics?.maxDataPoints);
    const engine = new QueueEngine({
      name,
      clock: clock ?? new SystemClock(),
      budget,
      emitter: queue,
      limit: limiter === undefined ? null : new RateLimiter(limiter),
      flow,
      hooks: {
        onWork: () => this.running.serve(),
        onStart: (job) => {
          if (job.options.repeat) this.schedules.goOnAfter(job);
        },
        onEnd: (job, state, text) => {
          extras.noteEnd(job, state, text);
          if (job.options.repeat) this.schedules.lookSoon();
        },
        onExpire: (job) => {
          extras.noteExpiry(job);
          if (job.options.repeat) this.schedules.lookSoon();
          engine.events.emit(JOB_ENDED, expiredEnd(unstartedJob(job), name));
        },
        onRemove: (job) => {
          extras.noteRemoval(job);
          if (job.options.repeat) this.schedules.lookSoon();
        },
      },
    });
    const settler = new JobSettler(engine);
    const moves = new JobMoves(engine, extras.waiters);
    // As Bull: with a limiter nobody is given a job in passing.
    const takeNext = (): [unknown, JobId] | null => (limiter === undefined ? this.running.takeNext() : null);
    const ending = new JobEnding(engine, { settler, backoffStrategies, takeNext });
    this.engine = engine;
    this.settler = settler;
    const host = { queue: queue as unknown as Queue, moves, ending };
    const handleOf = (stored: StoredJob): MemoryJob => new MemoryJob(host, stored);
    this.handleOf = handleOf;
    this.adding = new JobAdding(engine, {
      debounce: extras.debounce,
      groupKey: limiter?.groupKey,
      assertRoom,
      handleOf,
    });
    this.schedules = new QueueSchedules(engine, extras.schedules, this.adding, minRepeatMs);
    this.running = new QueueRunning(engine, {
      queue,
      ending,
      waiters: extras.waiters,
      drainDelay,
      handleOf,
      runJob: (stored, number) => shell.runJob(stored, number),
    });
    this.reads = new QueueReads(engine, { extras, handleOf });
    this.upkeep = new QueueUpkeep(engine, { moves, extras, pause: () => this.running.pause() });
    this.registrations = new EventRegistrations(engine.events);
  }
}
