import type { Clock } from '../../../../kernel/time/clock.js';
import { isRated } from '../../../jobs/flow/flow-policy.js';
import { EventLoopTurns } from './event-loop-turns.js';
import { Expiries } from './expiries.js';
import { Gates } from './gates/gates.js';
import { RateGates } from './gates/rate-gates.js';
import { expire } from './job-retention.js';
import { DelayTimer, earliest } from './lanes/delay-timer.js';
import { MemoryStore } from './memory-store.js';
import type { Entrance } from './memory-store.js';
import type { EngineHooks, EngineOptions, StartLimit } from './queue-engine.options.js';
import { QueueEvents } from './queue-events.js';
import { soon } from './soon.js';
import type { StoredJob } from './stored-job.js';

/** The state of one queue in memory and the moves that start work: promoting, taking, waking. */
export class QueueEngine {
  readonly name: string;
  readonly clock: Clock;
  readonly store: MemoryStore;
  readonly gates: Gates;
  /** Null where no job is under a rate. */
  readonly rates: RateGates | null;
  readonly events: QueueEvents;
  readonly turns = new EventLoopTurns();
  readonly hooks: EngineHooks;
  /** Paused for all workers. */
  paused = false;
  closed = false;
  drained = true;
  private readonly limit: StartLimit | null;
  private readonly timer: DelayTimer;
  private promotes = false;
  private limitedUntil: number | null = null;
  /** Jobs stand in lanes that nobody added or promoted. Whoever moved them may be about to remove them. */
  private readonly wakeSoon = soon(() => this.hooks.onWork());
  private readonly expiries = new Expiries();

  constructor({ name, clock, budget, emitter, limit, flow, hooks }: EngineOptions) {
    this.name = name;
    this.clock = clock;
    this.store = new MemoryStore(budget);
    this.gates = new Gates({
      ...{ flow, store: this.store, now: () => clock.now() },
      onAdmitted: () => this.wakeSoon(),
      onSleep: () => this.arm(),
    });
    const parts = { store: this.store, gates: this.gates, clock };
    this.rates = flow !== undefined && isRated(flow) ? new RateGates({ flow, ...parts }) : null;
    this.events = new QueueEvents(emitter);
    this.limit = limit;
    this.hooks = hooks;
    this.timer = new DelayTimer(clock, () => this.onTimer());
  }

  /** Jobs that wait, in a lane or held by a group. */
  get waitingCount(): number {
    return this.store.waiting.size + this.gates.groups.held;
  }

  /** From when the job could run that waits longest, by the first ones of lanes and groups; null when none waits. */
  get oldestWaitingAt(): number | null {
    const held = this.gates.groups.oldestHeldAt();
    const inLane = this.store.waiting.oldestWaitingAt();
    return held === null || inLane === null ? (held ?? inLane) : Math.min(held, inLane);
  }

  /** From now on delayed jobs are promoted when they are due. As in Bull, only a queue that is worked on does that. */
  startPromoting(): void {
    this.promotes = true;
    this.promoteDue();
    this.arm();
  }

  /** Moves delayed jobs that are due to waiting, wakes what sleeps until now, and ends those that should have started. @returns how many are due */
  promoteDue(): number {
    const now = this.clock.now();
    if (this.limitedUntil !== null && this.limitedUntil <= now) this.limitedUntil = null;
    this.rates?.wake();
    this.gates.collector.wakeDue();
    let promoted = 0;
    for (let job = this.store.delayed.peek(); job !== null; job = this.store.delayed.peek()) {
      if (job.runAt > now) break;
      job.delay = 0;
      this.enter(job, 'lane-end');
      this.events.publishWaiting(job.id);
      promoted += 1;
    }
    for (let job = this.expiries.takeLate(now); job !== null; job = this.expiries.takeLate(now)) {
      if (job.membership !== null) this.gates.ended(job, job.membership);
      expire(this.store, job, now, () => this.hooks.onExpire(job));
    }
    return promoted;
  }

  /** A job that has not started must have by then, milliseconds since the epoch; null: it need not. */
  mustStartBy(job: StoredJob, at: number | null): void {
    job.expiresAt = at;
    if (at === null) return;
    this.expiries.add(job, at);
    this.arm();
  }

  /** Puts a job into delayed (when `runAt` is given) or into waiting, and lets the worker know. */
  place(job: StoredJob, runAt: number | null, entrance: Entrance): void {
    if (runAt !== null) {
      if (job.membership !== null && job.state === null) this.gates.addDelayed(job, job.membership);
      this.store.delay(job, runAt);
      this.arm();
      return;
    }
    this.enter(job, entrance);
    this.hooks.onWork();
  }

  /** Takes the next job and makes it active; null when none may start now. */
  take(): StoredJob | null {
    if (this.closed) return null;
    if (this.promotes && this.nextDueAt !== null) this.promoteDue();
    const job = this.paused ? null : this.nextAllowed();
    if (job === null) return null;
    this.drained = false;
    this.activate(job);
    return job;
  }

  /** Makes this job active, out of its turn, if nothing keeps it from starting but its turn. @returns false: it stays where it is kept */
  takeNow(job: StoredJob): boolean {
    const isInLane = job.state === 'waiting' && (job.membership?.lineOf ?? null) === null;
    if (this.closed || this.paused || !isInLane || !this.mayStart(job)) return false;
    this.drained = false;
    this.activate(job);
    return true;
  }

  /** Makes those active that run together with a job that was just taken. */
  takeCompanions(job: StoredJob): StoredJob[] {
    if (job.membership === null) return [];
    const companions = this.gates.takeCompanions(job);
    for (const one of companions) this.activate(one);
    return companions;
  }

  /** When something is due next (a job, what sleeps, the end of one that has not started), milliseconds since the epoch; null for nothing. */
  get nextDueAt(): number | null {
    const { store, gates, expiries, limitedUntil, rates } = this;
    const times = [store.delayed.peek()?.runAt, gates.groups.wakes.next, expiries.nextAt];
    return earliest([...times, limitedUntil, rates?.wakesAt]);
  }

  /** Forgets a job that nobody runs, and what hangs on it. */
  remove(job: StoredJob): void {
    this.hooks.onRemove(job);
    this.drop(job);
    this.arm();
  }

  /** Forgets a job that has ended. One for which its key stood still does so no longer. */
  drop(job: StoredJob): void {
    if (job.membership !== null) this.gates.ended(job, job.membership);
    this.store.drop(job);
  }

  /** A worker that had finished a job found no other one. */
  noteDrained(): void {
    const isLimited = this.limitedUntil !== null || this.rates !== null;
    if (this.drained || (isLimited && this.store.waiting.size > 0)) return;
    this.drained = true;
    this.events.publish('global:drained');
    this.events.emit('drained');
  }

  /** Sets the timer for what is due next; cheap when nothing changed. */
  arm(): void {
    if (!this.promotes || this.closed) return;
    const opensAt = this.limitedUntil ?? this.rates?.wakesAt ?? null;
    const isAwaited = this.store.delayedOnce > 0 || this.gates.groups.wakes.size > 0 || opensAt !== null;
    // A job that is only late must not be lost because the process has nothing else to do; a schedule may.
    this.timer.update(this.nextDueAt, isAwaited);
  }

  close(): void {
    this.closed = true;
    this.timer.cancel();
  }

  private onTimer(): void {
    this.promoteDue();
    this.arm();
    this.hooks.onWork();
  }

  private activate(job: StoredJob): void {
    this.store.activate(job);
    job.locked = true;
    job.remember().processedOn = this.clock.now();
    this.events.publish('global:active', job.id, 'waiting');
    if (job.membership !== null) this.gates.started(job, job.membership);
    this.hooks.onStart(job);
  }

  /** What was handed back stands in front of its lane again. */
  private enter(job: StoredJob, entrance: Entrance): void {
    if (job.membership === null) this.store.enqueue(job, entrance);
    else if (entrance === 'lane-front') this.gates.back(job, job.membership);
    else this.gates.enter(job, job.membership, entrance);
  }

  /** Whether groups and rates let a job start that stands in its lane; a start counts for its rates. */
  private mayStart(job: StoredJob): boolean {
    if (this.rates === null) return job.membership === null || this.gates.mayStart(job, job.membership);
    // Whoever waits for a rate goes before who has just come.
    return this.store.waiting.size === 1 && this.nextInLine() === job;
  }

  /** The first job that its groups let start. */
  private nextInLine(): StoredJob | null {
    if (this.rates !== null) {
      this.rates.wake();
      const next = this.rates.next();
      if (next === null) this.arm();
      return next;
    }
    for (let job = this.store.waiting.peek(); job !== null; job = this.store.waiting.peek()) {
      if (job.membership === null || this.gates.mayStart(job, job.membership)) return job;
    }
    return null;
  }

  private nextAllowed(): StoredJob | null {
    const { limit } = this;
    if (limit === null) return this.nextInLine();
    for (let job = this.nextInLine(); job !== null; job = this.nextInLine()) {
      const decision = limit.start(job, this.clock.now());
      if (decision === 'start') return job;
      if ('queueWaitsUntil' in decision) {
        this.limitedUntil = decision.queueWaitsUntil;
        this.arm();
        return null;
      }
      this.store.delay(job, decision.jobWaitsUntil);
      this.arm();
    }
    return null;
  }
}
