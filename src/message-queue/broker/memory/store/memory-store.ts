import type { Retention } from '../../rules/retention/retention-rule.js';
import { TENANT_LANE } from '../../rules/group-rules.js';
import type { Membership } from './gates/membership.js';
import { TenantDepths } from './gates/tenant-depths.js';
import { DelayHeap } from './lanes/delay-heap.js';
import { JobList } from './lanes/job-list.js';
import { letterBytes } from './memory-budget.js';
import type { MemoryBudget } from './memory-budget.js';
import type { StoredJob, StoredState } from './stored-job.js';
import { WaitingLanes } from './lanes/waiting-lanes.js';

/** Where a job enters the waiting lanes. */
export type Entrance = 'lane-end' | 'lane-front' | 'last' | 'first';

/** The jobs of one queue and the state each is in. Moves are synchronous, hence atomic; it knows no rules and no events. */
export class MemoryStore {
  readonly jobs = new Map<string, StoredJob>();
  readonly waiting = new WaitingLanes();
  readonly delayed = new DelayHeap();
  readonly active = new JobList<StoredJob>();
  readonly completed = new JobList<StoredJob>();
  readonly failed = new JobList<StoredJob>();
  readonly expired = new JobList<StoredJob>();
  /** What stays of the expired ones: how many, for how long. */
  expiredLimit: Retention = { count: -1, ageSeconds: null };
  /** Jobs that ever expired. */
  everExpired = 0;
  /** What the failed set may hold; the oldest go when it is more. */
  failedLimit = { count: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  /** What the jobs of the failed set count for. */
  failedBytes = 0;
  /** Dead letters dropped for being too many: how many ever, and when the last one was, milliseconds since the epoch. */
  failedDropped = 0;
  failedDroppedAt: number | null = null;
  /** Jobs that were passed on and are not known to any worker so far. */
  readonly unknown = new Set<StoredJob>();
  readonly tenantDepths = new TenantDepths();
  /** Delayed jobs that are not the pending run of a repeat schedule. */
  delayedOnce = 0;
  /** Jobs ever inserted. */
  created = 0;
  private lastId = 0;

  constructor(readonly budget: MemoryBudget) {}

  /** The next number of the id counter, as Bull's. */
  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  resetIds(): void {
    this.lastId = 0;
  }

  insert(job: StoredJob): void {
    this.jobs.set(job.id, job);
    this.created += 1;
    this.budget.jobs += 1;
    this.budget.bytes += job.bytes;
  }

  /** Forgets the job wherever it is. */
  drop(job: StoredJob): void {
    if (job.state === null) return;
    this.detach(job);
    if (this.unknown.size > 0) this.unknown.delete(job);
    job.state = null;
    this.jobs.delete(job.id);
    this.budget.jobs -= 1;
    this.budget.bytes -= job.bytes;
  }

  /** Corrects what the job counts for, after its texts changed. */
  resize(job: StoredJob, change: number): void {
    job.bytes += change;
    this.budget.bytes += change;
    if (job.state === 'failed') this.failedBytes += change;
  }

  /** Corrects what the job counts for, after many of its texts changed. */
  measure(job: StoredJob): void {
    this.resize(job, letterBytes(job) - job.bytes);
  }

  enqueue(job: StoredJob, entrance: Entrance): void {
    this.enter(job, 'waiting');
    if (job.membership !== null && job.membership.tenant !== null) {
      if (entrance === 'lane-front') this.waiting.pushFront(job, TENANT_LANE);
      else this.waiting.push(job, TENANT_LANE);
      return;
    }
    const priority = Number(job.options.priority) || 0;
    if (entrance === 'first') this.waiting.pushLifo(job);
    else if (entrance === 'last') this.waiting.push(job, 0);
    else if (entrance === 'lane-front') this.waiting.pushFront(job, priority);
    else this.waiting.push(job, priority);
  }

  /** It waits, but in no lane: a group has it in its line. */
  hold(job: StoredJob): void {
    this.enter(job, 'waiting');
  }

  /** Of a delayed job whose options changed. */
  regroup(job: StoredJob, membership: Membership | null): void {
    if (job.membership !== null) this.tenantDepths.subtract(job.membership);
    job.membership = membership;
    if (membership !== null) this.tenantDepths.add(membership);
  }

  delay(job: StoredJob, runAt: number): void {
    this.enter(job, 'delayed');
    job.runAt = runAt;
    if (!job.options.repeat) this.delayedOnce += 1;
    this.delayed.push(job);
  }

  activate(job: StoredJob): void {
    this.enter(job, 'active');
    this.active.push(job);
  }

  /** Keeps a finished job, ordered by when it finished. */
  finish(job: StoredJob, state: 'completed' | 'failed' | 'expired'): void {
    this.enter(job, state);
    if (state === 'failed') {
      this.failedBytes += job.bytes;
      this.measure(job);
    }
    if (this.unknown.size > 0) this.unknown.delete(job);
    const list = this[state];
    const at = job.history?.finishedOn ?? 0;
    // A clock that was set back must not break the order; usually the loop ends at once.
    let anchor = list.tail;
    while (anchor !== null && (anchor.history?.finishedOn ?? 0) > at) anchor = anchor.prev;
    list.insertAfter(job, anchor);
  }

  private enter(job: StoredJob, state: StoredState): void {
    this.detach(job);
    job.state = state;
    job.sequence = this.budget.nextSequence();
    if (job.membership !== null && isInLine(state)) this.tenantDepths.add(job.membership);
  }

  private detach(job: StoredJob): void {
    if (job.membership !== null && isInLine(job.state)) this.tenantDepths.subtract(job.membership);
    switch (job.state) {
      case 'waiting':
        this.waiting.remove(job);
        break;
      case 'delayed':
        if (!job.options.repeat) this.delayedOnce -= 1;
        this.delayed.remove(job);
        break;
      case 'failed':
        this.failedBytes -= job.bytes;
        this.failed.remove(job);
        break;
      case 'active':
      case 'completed':
      case 'expired':
        this[job.state].remove(job);
        break;
      case null:
    }
  }
}

/** Whether a job in this state is one of those that `maxWaiting` limits. */
function isInLine(state: StoredState | null): boolean {
  return state === 'waiting' || state === 'delayed';
}
