import type { FlowPolicy } from '../../../../jobs/flow/flow-policy.js';
import { gateOf } from '../../../../jobs/flow/group-name.js';
import type { FlowCounts, GroupPage, GroupRange, GroupState, GroupStatus } from '../../../groups-of-queue.js';
import { NO_FLOW } from '../../../groups-of-queue.js';
import { groupRules } from '../../../rules/group-rules.js';
import type { JobList } from '../lanes/job-list.js';
import type { StoredJob } from '../stored-job.js';
import { Group } from './group.js';
import { WakeTimes } from './wake-times.js';

/** A group that is out of the ordinary, with the order in which it became so. */
interface Marked {
  readonly since: number;
  readonly order: number;
}

/** The dead letter for which a key stands still. */
interface Parked extends Marked {
  readonly jobId: string;
}

/** A group whose rate is closed. */
interface Sleeping extends Pick<Marked, 'order'> {
  /** Milliseconds since the epoch. */
  readonly until: number;
}

interface Paused extends Marked {
  readonly reason: string;
}

/** Groups that are looked at for the job that has been held longest. */
const MOST_LOOKED_AT = 100;

/** The groups of one queue: those that have jobs, and what was set by hand, also of others. */
export class GroupMap {
  /** Jobs that wait for a slot. */
  held = 0;
  /** Groups that are closed for a time: batches that are collected. */
  readonly wakes = new WakeTimes();
  private readonly groups = new Map<string, Group>();
  /** Groups in which jobs wait for a slot, those first that began first. */
  private readonly holding = new Set<Group>();
  /** Several of one group only where it was given more slots by hand. The first is told. */
  private readonly parked = new Map<string, readonly Parked[]>();
  private readonly paused = new Map<string, Paused>();
  private readonly slots = new Map<string, number>();
  private readonly sleeping = new Map<string, Sleeping>();
  private order = 0;

  constructor(private readonly flow: FlowPolicy) {}

  get(name: string): Group | undefined {
    return this.groups.get(name);
  }

  /** The group, made when no job was in it. */
  open(name: string): Group {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new Group(name, groupRules(this.flow, name));
      this.groups.set(name, group);
    }
    return group;
  }

  /** Forgets a group in which no job is any more. */
  tidy(name: string): void {
    if (this.groups.get(name)?.isEmpty !== true) return;
    this.groups.delete(name);
    this.wakes.delete(name);
  }

  /** Whether none of its jobs may start now, not even one that has a slot. */
  isClosed(name: string): boolean {
    return this.paused.has(name) || this.sleeping.has(name) || this.slots.get(name) === 0;
  }

  /** Whether one more of its jobs may have a slot. */
  hasRoom({ name, rules, admitted }: Group): boolean {
    return !this.isClosed(name) && admitted.size < (this.slots.get(name) ?? rules.slots);
  }

  /** A job waits for a slot: it stands in line. */
  noteHeld(group: Group): void {
    this.held += 1;
    if (this.holding.has(group)) return;
    group.began = this.nextOrder();
    this.holding.add(group);
  }

  /** A job left the line. */
  noteLeft(group: Group): void {
    this.held -= 1;
    if (group.held.isEmpty) this.holding.delete(group);
  }

  /** A dead letter keeps its slot from now on. */
  park(name: string, jobId: string, since: number): void {
    const others = this.parked.get(name) ?? [];
    this.parked.set(name, [...others, { jobId, since, order: this.nextOrder() }]);
  }

  unpark(name: string, jobId: string): void {
    const others = this.parked.get(name)?.filter((letter) => letter.jobId !== jobId) ?? [];
    if (others.length > 0) this.parked.set(name, others);
    else this.parked.delete(name);
  }

  pause(name: string, reason: string, now: number): void {
    const { since = now, order = this.nextOrder() } = this.paused.get(name) ?? {};
    this.paused.set(name, { reason, since, order });
  }

  /** @returns whether it was paused */
  resume(name: string): boolean {
    return this.paused.delete(name);
  }

  sleep(name: string, until: number): void {
    this.sleeping.set(name, { until, order: this.sleeping.get(name)?.order ?? this.nextOrder() });
  }

  /** @returns whether it slept */
  wake(name: string): boolean {
    return this.sleeping.delete(name);
  }

  setSlots(name: string, slots: number | null): void {
    if (slots === null) this.slots.delete(name);
    else this.slots.set(name, slots);
  }

  /** Forgets what was set by hand. */
  forgetSettings(): void {
    this.paused.clear();
    this.slots.clear();
  }

  /** Jobs that wait for a slot, group by group: those groups first that began to hold first. */
  *lists(): Generator<JobList<StoredJob>> {
    for (const group of this.holding) yield* group.held.lists();
  }

  /** From when the job could run that has been held longest, by the first ones of the first groups; null when none is. */
  oldestHeldAt(): number | null {
    const times: number[] = [];
    for (const { held } of this.holding) {
      if (times.length === MOST_LOOKED_AT) break;
      times.push(held.first?.couldRunAt ?? Number.POSITIVE_INFINITY);
    }
    return times.length === 0 ? null : Math.min(...times);
  }

  status(name: string): GroupStatus {
    const group = this.groups.get(name);
    const [paused, slots] = [this.paused.get(name), this.slots.get(name)];
    const parked = this.parked.get(name)?.[0];
    const opensAt = this.sleeping.get(name)?.until ?? this.wakes.of(name);
    return {
      ...gateOf(name),
      held: group?.held.size ?? 0,
      admitted: group?.admitted.size ?? 0,
      oldestHeldAt: group?.held.first?.timestamp ?? null,
      ...(opensAt !== undefined && { opensAt }),
      ...(parked !== undefined && { parkedBy: { jobId: parked.jobId, since: parked.since } }),
      ...(paused !== undefined && { paused: { reason: paused.reason, since: paused.since } }),
      ...(slots !== undefined && { slots }),
    };
  }

  list({ state, cursor, limit }: GroupRange): GroupPage {
    const after = cursor === null ? 0 : Number(cursor);
    const groups: GroupStatus[] = [];
    let last = after;
    for (const { name, order } of this.marked(state)) {
      if (order <= after) continue;
      if (groups.length === limit) return { groups, cursor: String(last) };
      groups.push(this.status(name));
      last = order;
    }
    return { groups, cursor: null };
  }

  counts(): FlowCounts {
    const [oldest] = this.parked;
    const [name = '', [letter] = []] = oldest ?? [];
    return {
      ...NO_FLOW,
      held: this.held,
      holding: this.holding.size,
      parked: this.parked.size,
      paused: this.paused.size,
      sleeping: this.sleeping.size + this.wakes.size,
      oldestHeldAt: this.oldestHeldAt(),
      oldestParked:
        letter === undefined ? null : { key: gateOf(name).id, jobId: letter.jobId, since: letter.since },
    };
  }

  private *marked(state: GroupState): Generator<{ readonly name: string; readonly order: number }> {
    if (state === 'holding') for (const { name, began } of this.holding) yield { name, order: began };
    if (state === 'paused') for (const [name, { order }] of this.paused) yield { name, order };
    if (state === 'sleeping') for (const [name, { order }] of this.sleeping) yield { name, order };
    // Behind those that a rate closes: by their times, which are as good as an order.
    const behind = this.order;
    if (state === 'sleeping') yield* this.wakes.names().map((name, i) => ({ name, order: behind + i + 1 }));
    if (state !== 'parked') return;
    const parked = [...this.parked].map(([name, [letter]]) => ({ name, order: letter?.order ?? 0 }));
    yield* parked.sort((a, b) => a.order - b.order);
  }

  private nextOrder(): number {
    this.order += 1;
    return this.order;
  }
}
