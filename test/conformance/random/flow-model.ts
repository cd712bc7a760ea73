import type { FlowShape } from './flow-shape.js';

/** A job as the model sees it. */
export interface FlowJob {
  readonly id: string;
  readonly key: string | null;
  readonly tenant: string | null;
  /** As lanes order them: the most important is 1, none is last. */
  readonly rank: number;
  state: 'delayed' | 'waiting' | 'running' | 'dead' | 'gone';
  /** Its delay is short: it will be due by itself. */
  soon: boolean;
  /** In its key, which it keeps until it ends; null before it joined. */
  place: number | null;
  /** When it began to wait this time. */
  since: number;
  /** It holds the slot of its key although it does not run: in backoff where there is one, or as the dead letter it stands still for. */
  pins: boolean;
  parks: boolean;
  /** It went back to the front of its lane. */
  inFront: boolean;
  /** How many jobs of its tenant that should start after it started before it. */
  overtaken: number;
  /** Starts of other tenants since it was the first of its own to wait; null: not counted. */
  rivals: Map<string, number> | null;
  crashes: number;
}

/** How a run ended: see `Settlement`. */
export type FlowEnd = 'completed' | 'retried' | 'delayed' | 'soon' | 'dead' | 'cancelled' | 'handed-back';

/**
 * The rules of groups in the plainest way: it is told of whatever is done to a queue and which jobs started, says which of these should not
 * have, and which should have and did not. It does not choose between jobs that may both start.
 */
export class FlowModel {
  readonly jobs = new Map<string, FlowJob>();
  /** `k:a`, `t:A`. */
  readonly paused = new Set<string>();
  readonly complaints: string[] = [];
  /** Handlers that have a run. */
  busy = 0;
  isPaused = false;
  starts = 0;
  private clock = 0;

  constructor(private readonly shape: FlowShape) {}

  add(
    id: string,
    key: string | null,
    tenant: string | null,
    rank: number,
    delay: 'none' | 'soon' | 'far',
  ): void {
    const job: FlowJob = {
      ...{ id, key, tenant, rank, state: 'delayed', soon: delay === 'soon', place: null, since: 0 },
      ...{ pins: false, parks: false, inFront: false, overtaken: 0, rivals: null, crashes: 0 },
    };
    this.jobs.set(id, job);
    if (this.shape.delays === 'hold') job.place = this.tick();
    if (delay === 'none') this.due(job);
  }

  /** A job begins to wait. */
  due(job: FlowJob): void {
    job.state = 'waiting';
    job.soon = false;
    job.pins = false;
    job.parks = false;
    job.since = this.tick();
    // Where there is one slot, it is kept through everything.
    if (job.place === null || this.shape.slots !== 1) job.place = job.since;
    job.overtaken = 0;
    job.rivals = this.isFirstOfTenant(job) ? new Map() : null;
  }

  /** A run started. */
  start(id: string): void {
    this.busy += 1;
    this.starts += 1;
    const job = this.jobs.get(id);
    if (job === undefined) return this.complain(`${id} started, which was never added`);
    if (job.state === 'delayed' && job.soon) this.due(job);
    if (job.state !== 'waiting') this.complain(`${id} started although it was ${job.state}`);
    if (this.isPaused) this.complain(`${id} started although the queue was paused`);
    if (this.isHeldBy(job)) this.complain(`${id} started although its group was paused`);
    this.checkKey(job);
    this.checkTenant(job);
    if (!job.inFront) this.countOvertaking(job);
    job.state = 'running';
    job.inFront = false;
  }

  /** A run ended. */
  end(job: FlowJob, how: FlowEnd): void {
    this.busy -= 1;
    this.leave(job, how);
  }

  /** What becomes of a job that ran. */
  leave(job: FlowJob, how: FlowEnd): void {
    const isOrdered = this.shape.slots === 1 && job.key !== null;
    if (how === 'completed') this.remove(job);
    if (how === 'retried') this.due(job);
    if (how === 'handed-back') {
      this.due(job);
      job.inFront = true;
      job.rivals = null;
    }
    if (how === 'delayed' || how === 'soon') {
      job.state = 'delayed';
      job.soon = how === 'soon';
      job.pins = isOrdered;
    }
    if (how === 'dead' || how === 'cancelled') this.bury(job, isOrdered && how === 'dead');
  }

  /** A job becomes a dead letter without parking its key. */
  cancel(job: FlowJob): void {
    this.bury(job, false);
  }

  replay(job: FlowJob): void {
    if (!job.parks) job.place = null;
    this.due(job);
  }

  remove(job: FlowJob): void {
    job.state = 'gone';
    job.pins = false;
    job.parks = false;
  }

  pause(group: string): void {
    this.paused.add(group);
    for (const job of this.jobs.values()) if (this.isHeldBy(job)) job.rivals = null;
  }

  inState(...states: readonly FlowJob['state'][]): FlowJob[] {
    return [...this.jobs.values()].filter(({ state }) => states.includes(state));
  }

  /** Whether a delayed job has others wait behind it. */
  holdsPlace({ state, place, pins }: FlowJob): boolean {
    return state === 'delayed' && place !== null && !pins;
  }

  /** Jobs of which at least one should start, because handlers and slots are free. */
  stuck(): string[] {
    if (this.isPaused || this.busy >= this.shape.handlers) return [];
    const waiting = this.inState('waiting').filter((job) => !this.isHeldBy(job, 'key'));
    const free = waiting.filter((job) => job.key === null && !this.isBlockedByTenant(job));
    const keys = new Set(waiting.flatMap(({ key }) => key ?? []));
    return [...free, ...[...keys].flatMap((key) => this.stuckOf(key))].map(({ id }) => id);
  }

  private stuckOf(key: string): FlowJob[] {
    const slots = this.shape.slots ?? Infinity;
    const all = this.ofKey(key);
    const open = slots - all.filter(({ state, pins }) => state === 'running' || pins).length;
    const waiting = all.filter(({ state }) => state === 'waiting');
    if (open < 1) return [];
    if (slots === 1) {
      const [first] = all.filter((job) => this.isInLine(job)).sort(byPlace);
      return first?.state === 'waiting' && !this.isBlockedByTenant(first) ? [first] : [];
    }
    // Which of them have a slot is not for the model to say; as many as there are may wait for their tenants.
    const blocked = waiting.filter((job) => this.isBlockedByTenant(job)).length;
    return blocked >= Math.min(open, waiting.length) ? [] : waiting;
  }

  private checkKey(job: FlowJob): void {
    const { slots } = this.shape;
    if (slots === null || job.key === null) return;
    const others = this.ofKey(job.key).filter((other) => other !== job);
    const running = others.filter(({ state }) => state === 'running').length;
    if (running >= slots) this.complain(`${job.id} started beside ${running} others of its key`);
    if (slots > 1) return;
    const pinned = others.find(({ pins }) => pins);
    if (pinned !== undefined) this.complain(`${job.id} started although ${pinned.id} holds its key`);
    const before = others.find((other) => this.isInLine(other) && byPlace(other, job) < 0);
    if (before !== undefined) this.complain(`${job.id} started before ${before.id}`);
  }

  private checkTenant({ id, tenant }: FlowJob): void {
    const { tenants } = this.shape;
    if (tenants === null || tenant === null || !('concurrency' in tenants)) return;
    const running = this.runningOf(tenant);
    if (running >= tenants.concurrency) this.complain(`${id} started beside ${running} others of its tenant`);
  }

  /** Whoever is more important or came first starts first; as many as may stand in a lane do already. */
  private countOvertaking(job: FlowJob): void {
    const { tenants } = this.shape;
    if (tenants === null || job.tenant === null) return;
    const most = 'weight' in tenants ? tenants.weight : tenants.concurrency;
    for (const other of this.inState('waiting')) {
      if (other === job || other.key !== null || other.inFront) continue;
      if (other.tenant === job.tenant && comesBefore(other, job)) {
        other.overtaken += 1;
        if (other.overtaken > most) this.complain(`${job.id} overtook ${other.id} of its tenant`);
      }
      if (other.rivals === null || other.tenant === job.tenant) continue;
      const count = (other.rivals.get(job.tenant) ?? 0) + 1;
      other.rivals.set(job.tenant, count);
      if (count > most) this.complain(`${job.id} is the ${count}th of its tenant before ${other.id}`);
    }
  }

  private isFirstOfTenant(job: FlowJob): boolean {
    if (job.tenant === null || job.key !== null || this.isHeldBy(job)) return false;
    const others = this.inState('waiting').some((other) => other !== job && other.tenant === job.tenant);
    return !others && !this.isBlockedByTenant(job);
  }

  private isBlockedByTenant({ tenant }: FlowJob): boolean {
    const { tenants } = this.shape;
    if (tenants === null || tenant === null) return false;
    if (this.paused.has(`t:${tenant}`)) return true;
    return 'concurrency' in tenants && this.runningOf(tenant) >= tenants.concurrency;
  }

  private isHeldBy({ key, tenant }: FlowJob, gate: 'any' | 'key' = 'any'): boolean {
    if (key !== null && this.shape.slots !== null && this.paused.has(`k:${key}`)) return true;
    if (gate === 'key' || tenant === null || this.shape.tenants === null) return false;
    return this.paused.has(`t:${tenant}`);
  }

  private isInLine({ state, place }: FlowJob): boolean {
    return place !== null && (state === 'waiting' || state === 'delayed');
  }

  private bury(job: FlowJob, mayPark: boolean): void {
    job.state = 'dead';
    job.soon = false;
    job.parks = mayPark && this.shape.onDeadLetter === 'park';
    job.pins = job.parks;
  }

  private ofKey(key: string): FlowJob[] {
    return [...this.jobs.values()].filter((job) => job.key === key);
  }

  private runningOf(tenant: string): number {
    return this.inState('running').filter((job) => job.tenant === tenant).length;
  }

  private complain(what: string): void {
    this.complaints.push(what);
  }

  private tick(): number {
    return (this.clock += 1);
  }
}

function byPlace(one: FlowJob, other: FlowJob): number {
  return (one.place ?? Infinity) - (other.place ?? Infinity);
}

function comesBefore(one: FlowJob, other: FlowJob): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.since < other.since);
}
