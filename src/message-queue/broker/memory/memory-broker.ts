import type { Queue } from 'bull';
import type { Clock } from '../../../kernel/time/clock.js';
import { SystemClock } from '../../../kernel/time/clock.js';
import { allOf } from '../../../kernel/time/all-of.js';
import { inRootContext } from '../../../kernel/host/root-context.js';
import type { ReplayRecord } from '../../jobs/managed-job.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import type { TextPass, TextReader, TextReport } from '../../jobs/sealing/stored-texts.js';
import type { RunBatch, RunJob } from '../../jobs/taken-job.js';
import { messageQueueBackoffStrategies } from '../../jobs/retry-policy.js';
import { Broker } from '../broker.js';
import type { AddOutcome, AddRequest, BulkAddOutcome, CancelOutcome, FailedJob } from '../broker.js';
import type { FailedRange, FailedSweep, QueueSnapshot, QueueWorker, LetterTarget } from '../broker.js';
import type { GroupsOfQueue } from '../groups-of-queue.js';
import type { JobsOfQueue } from '../jobs-of-queue.js';
import type { ProviderName, ServerReport } from '../server-report.js';
import { EMPTY_SNAPSHOT } from '../queue-snapshot.js';
import { closeQueues } from '../rules/close-queues.js';
import type { AbandonedQueue, UnknownJobs } from '../rules/other-releases.js';
import type { SchedulesOfQueue } from '../rules/schedules/schedule-care.js';
import { foreignQueue, queueTwice } from '../rules/queue-errors.js';
import { DeadLetters } from './administration/dead-letters.js';
import { MemoryGroups } from './administration/memory-groups.js';
import { MemoryJobs } from './administration/memory-jobs.js';
import { QueueAdministration } from './administration/queue-administration.js';
import { TextReplacer } from './administration/text-replacer.js';
import type { MemoryQueueOptions } from './bull/queue/memory-queue.options.js';
import { tryAdd } from './bulk-add.js';
import { ManagedMemoryQueue } from './managed-memory-queue.js';
import type { MemoryBrokerOptions } from './memory-broker.options.js';
import { MemoryActivity } from './store/activity/memory-activity.js';
import { MemoryRates } from './store/gates/memory-rates.js';
import { MemoryBudget } from './store/memory-budget.js';

/**
 * Keeps queues in this process. Every add answers at once, every settlement is one synchronous step; jobs die with the
 * process. What differs from Redis is listed in docs/providers.md.
 */
export class MemoryBroker extends Broker {
  readonly provider: ProviderName = 'memory';
  readonly clock: Clock;
  private readonly machine: Clock;
  readonly budget: MemoryBudget;
  readonly rates: MemoryRates;
  readonly activity: MemoryActivity;
  private readonly queues = new Map<string, ManagedMemoryQueue>();
  private readonly administration = new QueueAdministration();
  private readonly deadLetters = new DeadLetters();
  private readonly textReplacer = new TextReplacer();
  private closing: Promise<void> | null = null;

  constructor(private readonly options: MemoryBrokerOptions = {}) {
    super();
    this.machine = options.clock ?? new SystemClock();
    this.clock = this.machine.steady();
    this.budget = MemoryBudget.of(options);
    this.rates = new MemoryRates(this.budget.rates, this.clock);
    this.activity = new MemoryActivity(this.clock, (name) => this.countsOf(name), options.historyHours);
  }

  now(): number {
    return this.clock.now();
  }

  /** @throws DuplicateRegistrationError when this broker has a queue of that name */
  createQueue(definition: SealableQueue): Queue {
    const { name } = definition;
    if (this.queues.has(name)) throw queueTwice(name);
    const queue = this.newQueue(definition, {
      prefix: this.options.prefix,
      clock: this.clock,
      budget: this.budget,
      minRepeatMs: definition.minRepeatMs,
      flow: definition.flow,
      settings: { backoffStrategies: { ...messageQueueBackoffStrategies } },
    });
    this.queues.set(name, queue);
    return queue;
  }

  protected newQueue(definition: SealableQueue, options: MemoryQueueOptions): ManagedMemoryQueue {
    return new ManagedMemoryQueue(definition, options);
  }

  async addOnce(queue: Queue, request: AddRequest): Promise<AddOutcome> {
    const managed = this.managed(queue);
    const adding = managed.addOnce(request);
    const outcome = adding instanceof Promise ? await adding : adding;
    if (managed.engine.turns.isDueAfterAdd()) await managed.engine.turns.pass();
    return outcome;
  }

  async addMany(queue: Queue, requests: readonly AddRequest[]): Promise<BulkAddOutcome[]> {
    const managed = this.managed(queue);
    const { turns } = managed.engine;
    const outcomes: (BulkAddOutcome | Promise<BulkAddOutcome>)[] = [];
    let isDue = false;
    // Without a pause in between: what is added after this call comes behind all of it.
    for (const request of requests) {
      outcomes.push(tryAdd(managed, request));
      if (turns.isDueAfterAdd()) isDue = true;
    }
    if (isDue) await turns.pass();
    return allOf(outcomes);
  }

  async work(queue: Queue, concurrency: number, run: RunJob, runBatch?: RunBatch): Promise<QueueWorker> {
    return this.managed(queue).work(this.options.drive === 'manual' ? 0 : concurrency, run, runBatch);
  }

  async cancel(queue: Queue, jobId: string, reason: string): Promise<CancelOutcome> {
    return this.administration.cancel(this.managed(queue), jobId, reason);
  }

  async readFailed(queue: Queue, range: FailedRange): Promise<(FailedJob | null)[]> {
    const managed = this.managed(queue);
    await managed.engine.turns.look();
    return this.deadLetters.read(managed, range);
  }

  async replay(
    queue: Queue,
    jobs: readonly LetterTarget[],
    replay: ReplayRecord,
  ): Promise<ReadonlySet<string>> {
    return this.deadLetters.replay(this.managed(queue), jobs, replay);
  }

  discard(queue: Queue, jobs: readonly LetterTarget[]): Promise<ReadonlySet<string>> {
    return this.deadLetters.discard(this.managed(queue), jobs);
  }

  async sweepFailed(queue: Queue, step: number): Promise<FailedSweep> {
    return this.deadLetters.sweep(this.managed(queue), step);
  }

  async purge(queue: Queue): Promise<number> {
    return this.administration.purge(this.managed(queue));
  }

  jobsOf(queue: Queue): JobsOfQueue {
    return new MemoryJobs(this.managed(queue));
  }

  replaceTexts(queue: Queue, read: TextReader, pass?: TextPass): Promise<TextReport> {
    return this.textReplacer.replace(this.managed(queue), read, pass);
  }

  schedulesOf(queue: Queue): SchedulesOfQueue {
    return this.managed(queue).schedules;
  }

  groupsOf(queue: Queue): GroupsOfQueue {
    return new MemoryGroups(this.managed(queue).engine);
  }

  async snapshot(queue: Queue): Promise<QueueSnapshot> {
    const managed = this.managed(queue);
    await managed.engine.turns.look();
    return this.administration.snapshot(managed);
  }

  async readUnknown(queue: Queue): Promise<UnknownJobs> {
    return this.administration.readUnknown(this.managed(queue));
  }

  /** None: a queue dies with the process that registered it. */
  readAbandoned(): Promise<AbandonedQueue[]> {
    return Promise.resolve([]);
  }

  async inspectServer(): Promise<ServerReport> {
    const { jobs, maxJobs, bytes, maxBytes } = this.budget;
    return {
      provider: this.provider,
      reachable: this.closing === null,
      version: null,
      latencyMs: 0,
      memoryUsedRatio: Math.min(1, Math.max(jobs / maxJobs, bytes / maxBytes)),
      memoryLimitBytes: maxBytes,
      clockSkewMs: this.now() - this.machine.now(),
      findings: [],
    };
  }

  /** What is lost here is lost with the process. */
  onLoss(): void {}

  async acknowledgeLoss(): Promise<boolean> {
    return false;
  }

  /** Waits at most three seconds for handlers that still run, as on Redis. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  /**
   * Takes the job that has waited longest among those that are next in their queues and runs it to its end.
   * For tests that drive the broker by hand; needs a worker on the queue (`work`).
   * @returns false when nothing is due
   */
  runNext(): Promise<boolean> {
    return inRootContext(() => this.runNextJob());
  }

  /** Runs everything that is due, and whatever that makes due, one after the other. @returns the number of runs */
  async drain(): Promise<number> {
    let runs = 0;
    while (await this.runNext()) runs += 1;
    return runs;
  }

  /** Moves delayed jobs that are due to waiting, in all queues. @returns how many */
  promoteDue(): number {
    return [...this.queues.values()].reduce((sum, queue) => sum + queue.promoteDue(), 0);
  }

  /** When something is due next (a delayed job, a batch, a rate that jobs wait for), milliseconds since the epoch; null when none is. */
  nextDueAt(): number | null {
    const due = [...this.queues.values()].flatMap((queue) => queue.engine.nextDueAt ?? []);
    return due.length === 0 ? null : Math.min(...due);
  }

  private async closeAll(): Promise<void> {
    await closeQueues(this.queues.values());
    for (const queue of this.queues.values()) queue.cutOff();
  }

  private async runNextJob(): Promise<boolean> {
    this.promoteDue();
    const next = [...this.queues.values()]
      .flatMap((queue) => (queue.nextInLine === null ? [] : [{ queue, waitingSince: queue.nextInLine }]))
      .sort((a, b) => a.waitingSince - b.waitingSince);
    for (const { queue } of next) if (await queue.runNext()) return true;
    return false;
  }

  private async countsOf(name: string): Promise<QueueSnapshot> {
    const queue = this.queues.get(name);
    return queue === undefined ? EMPTY_SNAPSHOT : this.snapshot(queue);
  }

  protected managed(queue: Queue): ManagedMemoryQueue {
    const managed = this.queues.get(queue.name);
    if (managed === undefined || (managed as Queue) !== queue) throw foreignQueue(queue.name);
    return managed;
  }
}
