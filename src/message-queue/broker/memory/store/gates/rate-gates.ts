import type { Clock } from '../../../../../kernel/time/clock.js';
import type { FlowPolicy } from '../../../../jobs/flow/flow-policy.js';
import type { RateLimit, SharedRate } from '../../../../jobs/flow/rate.js';
import { TENANT_LANE } from '../../../rules/group-rules.js';
import { MinHeap } from '../lanes/min-heap.js';
import type { MemoryStore } from '../memory-store.js';
import type { StoredJob } from '../stored-job.js';
import type { Gates } from './gates.js';
import { RateBuckets } from './rate-buckets.js';

/** What the rates need of the queue whose jobs they slow down. */
export interface RateGatesOptions {
  readonly flow: FlowPolicy;
  readonly store: MemoryStore;
  readonly gates: Gates;
  readonly clock: Clock;
}

/** A rate that a job is under, and its bucket. */
interface Applied {
  /** `q` for the queue's, `j:<job>` and `s:<shared rate>` for a job name's, else the stored name of the group. */
  readonly id: string;
  readonly rate: RateLimit;
  readonly buckets: RateBuckets;
}

/** Who sleeps until a rate opens. */
interface Sleeper {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * What a rate that is closed does with jobs that would start. The queue's: none starts. That of a job name: the job moves behind it, where it
 * waits in lanes of its own, and starts from there before newer ones. That of a key or a tenant: the job goes back to its place, and the
 * group sleeps. A job under several starts when all let it, and spends none before.
 */
export class RateGates {
  /** How long starts were ever put off, milliseconds. */
  closedMs = 0;
  private readonly own = new RateBuckets();
  private readonly asleep = new Map<string, number>();
  private readonly sleepers = new MinHeap<Sleeper>(({ at }) => at);

  constructor(private readonly options: RateGatesOptions) {}

  /** When somebody is to be woken, milliseconds since the epoch; null when nobody sleeps. */
  get wakesAt(): number | null {
    return this.sleepers.peek()?.at ?? null;
  }

  /** Rates of the queue and of job names that are closed. */
  get closed(): number {
    return [...this.asleep.keys()].filter((id) => id === 'q' || id.startsWith('j:') || id.startsWith('s:'))
      .length;
  }

  /** Wakes those who slept until now. */
  wake(): void {
    const { clock, gates } = this.options;
    for (let next = this.sleepers.peek(); next !== undefined; next = this.sleepers.peek()) {
      if (next.at > clock.now()) return;
      this.sleepers.pop();
      this.asleep.delete(next.id);
      gates.wake(next.id);
    }
  }

  /** The next job that all of its groups and rates let start, which counts as started from now on; null when none may. */
  next(): StoredJob | null {
    const { store, gates } = this.options;
    const queue = this.ofQueue();
    if (queue !== null && store.waiting.size > 0 && this.free(queue) < 1) {
      this.sleep(queue.id, queue);
      return null;
    }
    for (let job = this.first(); job !== null; job = this.first()) {
      const { membership } = job;
      if (membership !== null && !gates.mayStart(job, membership)) continue;
      if (this.passes(job, queue)) return job;
    }
    return null;
  }

  /** Closes the rate of a job's name, else that of its queue. @returns false where there is none */
  close(job: StoredJob, ms: number): boolean {
    const closed = this.ofName(job) ?? this.ofQueue();
    closed?.buckets.close(closed.id, this.nowUs(), closed.rate, ms);
    return closed !== null;
  }

  /** Of those behind a rate that is open and those in lanes, the one that is served first. */
  private first(): StoredJob | null {
    const { waiting } = this.options.store;
    let first = waiting.peek();
    for (const id of waiting.rates()) {
      const behind = waiting.peekBehind(id);
      const applied = behind === null ? null : this.ofName(behind);
      if (behind === null || (first !== null && rankOf(first) < rankOf(behind))) continue;
      if (applied === null || this.free(applied) > 0) first = behind;
      else this.sleep(id, applied);
    }
    return first;
  }

  private passes(job: StoredJob, queue: Applied | null): boolean {
    const { store, gates } = this.options;
    const name = this.ofName(job);
    if (name !== null && (this.free(name) < 1 || this.isOvertaking(job, name.id))) {
      store.waiting.moveBehind(job, name.id, rankOf(job), job.history?.processedOn !== undefined);
      if (this.free(name) < 1) this.sleep(name.id, name);
      return false;
    }
    const ofGroups = this.ofGroups(job);
    for (const group of ofGroups) {
      if (this.free(group) > 0) continue;
      gates.sleep(group.id, this.sleep(group.id, group));
      if (job.membership !== null) gates.mayStart(job, job.membership);
      return false;
    }
    for (const applied of [name, queue, ...ofGroups]) {
      applied?.buckets.spend(applied.id, this.nowUs(), applied.rate, 1, false);
    }
    return true;
  }

  /** Whether others of the same rate wait behind it, and this job does not. */
  private isOvertaking(job: StoredJob, id: string): boolean {
    const { waiting } = this.options.store;
    return waiting.peekBehind(id) !== null && !waiting.isBehind(job);
  }

  private ofQueue(): Applied | null {
    const { rate } = this.options.flow;
    return rate === undefined ? null : this.applied('q', rate);
  }

  private ofName({ name }: StoredJob): Applied | null {
    const { jobs = {} } = this.options.flow;
    const rate = Object.hasOwn(jobs, name) ? jobs[name]?.rate : undefined;
    return rate === undefined ? null : this.applied(`j:${name}`, rate);
  }

  private ofGroups({ membership }: StoredJob): Applied[] {
    const { key, tenant } = this.options.flow;
    const applied: Applied[] = [];
    if (membership === null) return applied;
    if (key?.rate !== undefined && membership.key?.startsWith('k:') === true) {
      applied.push(this.applied(membership.key, key.rate));
    }
    if (tenant?.rate !== undefined && membership.tenant !== null) {
      applied.push(this.applied(membership.tenant, tenant.rate));
    }
    return applied;
  }

  private applied(id: string, rate: RateLimit | SharedRate): Applied {
    if (!('name' in rate)) return { id, rate, buckets: this.own };
    return { id: `s:${rate.name}`, rate, buckets: this.options.store.budget.rates };
  }

  private free({ id, rate, buckets }: Applied): number {
    return buckets.look(id, this.nowUs(), rate).free;
  }

  /** A job waits for the rate. @returns when it opens, milliseconds since the epoch */
  private sleep(id: string, { id: bucket, rate, buckets }: Applied): number {
    const now = this.nowUs();
    buckets.spend(bucket, now, rate, 0, true);
    const at = Math.ceil(buckets.look(bucket, now, rate).next / 1_000);
    const known = this.asleep.get(id);
    if (known !== undefined && known <= at) return at;
    if (known === undefined) this.closedMs += Math.max(0, at - this.options.clock.now());
    this.asleep.set(id, at);
    this.sleepers.push({ id, at });
    return at;
  }

  private nowUs(): number {
    return Math.round(this.options.clock.now() * 1_000);
  }
}

/** What is served first has the least; LIFO jobs come before all. */
function rankOf({ options, membership }: StoredJob): number {
  if (membership !== null && membership.tenant !== null) return TENANT_LANE;
  const priority = Number(options.priority) || 0;
  if (priority > 0) return priority;
  return options.lifo === true ? 0 : Number.POSITIVE_INFINITY;
}
