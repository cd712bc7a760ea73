import type { FlowPolicy } from '../../../../jobs/flow/flow-policy.js';
import { groupName, groupsOf } from '../../../../jobs/flow/group-name.js';
import type { Entrance, MemoryStore } from '../memory-store.js';
import type { StoredJob, StoredOptions } from '../stored-job.js';
import type { Group } from './group.js';
import { GroupMap } from './group-map.js';
import { Collector } from './collector.js';
import { Membership } from './membership.js';

/** Before all that were given. */
const FIRST_PLACE = 0;

/** What the gates need of the queue whose jobs go through them. */
export interface GatesOptions {
  /** Undefined: no job has a group. */
  readonly flow: FlowPolicy | undefined;
  readonly store: MemoryStore;
  readonly now: () => number;
  /** A job that was held stands in its lane now. */
  onAdmitted(): void;
  /** Somebody must look when the first of `groups.wakes` is due. */
  onSleep(): void;
}

/**
 * What a job passes before it stands in a lane: the gate of its key, or of its batch, then that of its tenant. A job without groups never
 * comes here. Whoever frees a slot admits the next in the same step.
 */
export class Gates {
  readonly groups: GroupMap;
  readonly collector: Collector;
  private places = 0;

  constructor(private readonly options: GatesOptions) {
    this.groups = new GroupMap(options.flow ?? {});
    this.collector = new Collector({
      groups: this.groups,
      now: options.now,
      onWindow: () => options.onSleep(),
      letGo: (group, first) => this.letIn(group, first),
    });
  }

  /** The groups of a job; null when it has none. */
  membershipOf(name: string, { mq }: Pick<StoredOptions, 'mq'>): Membership | null {
    const { flow } = this.options;
    if (flow === undefined) return null;
    const { group = null, tenant } = groupsOf(flow, name, mq);
    if (group === null && tenant === undefined) return null;
    return new Membership(group, tenant === undefined ? null : groupName('tenant', tenant));
  }

  /** A job is added that is not due yet. Where its key keeps the places of such jobs, it takes its own; a run of a schedule never does. */
  addDelayed(job: StoredJob, member: Membership): void {
    if (member.key === null) return;
    const group = this.groups.open(member.key);
    if (group.rules.holdsDelayed && job.options.repeat === undefined) {
      member.place = this.nextPlace();
      if (this.groups.hasRoom(group)) group.admitted.set(job.id, member.place);
      else this.standIn(group, job, member);
    }
    this.groups.tidy(member.key);
  }

  /** A job is due: it goes to its lane, or is held until it is its turn. One that has its slot of its key keeps it. */
  enter(job: StoredJob, member: Membership, entrance: Entrance): void {
    this.unpark(job, member);
    if (member.key !== null && !this.ask(member.key, job, member)) return;
    this.passKey(job, member, entrance);
  }

  /** A job goes back without having run, to the front of its lane: no gate asks it again. What was a batch is collected anew. */
  back(job: StoredJob, member: Membership): void {
    const group = member.key === null ? undefined : this.groups.get(member.key);
    if (group !== undefined && group.rules.batch !== null) {
      this.putBack(group, job, member);
      this.collector.look(group, true);
      return;
    }
    const ofTenant = member.tenant === null ? undefined : this.groups.open(member.tenant);
    if (ofTenant?.admitted.has(job.id) === false) ofTenant.admitted.set(job.id, FIRST_PLACE);
    this.options.store.enqueue(job, 'lane-front');
  }

  /** Jobs that start together with one that does: the others of its batch. */
  takeCompanions({ membership }: StoredJob): StoredJob[] {
    const group = this.groups.get(membership?.key ?? '');
    return group === undefined ? [] : this.collector.companions(group, (job) => this.giveSlot(group, job));
  }

  /** Whether the job that is next in its lane may start. One whose group was paused meanwhile goes back to its place there. */
  mayStart(job: StoredJob, member: Membership): boolean {
    for (const name of [member.key, member.tenant]) {
      if (name === null || !this.groups.isClosed(name)) continue;
      this.putBack(this.groups.open(name), job, member);
      return false;
    }
    return true;
  }

  /** A job has started: a tenant that shares turns gets the next. */
  started({ id }: StoredJob, { tenant }: Membership): void {
    if (tenant !== null && this.groups.get(tenant)?.rules.freesAtStart === true) this.free(tenant, id);
  }

  /** A job runs again, but not before it is due: it keeps its slot only where jobs keep their order. */
  suspend({ id }: StoredJob, { key, tenant }: Membership): void {
    if (key !== null && this.groups.get(key)?.rules.isOrdered !== true) this.free(key, id);
    if (tenant !== null) this.free(tenant, id);
  }

  /** A job has ended, or is removed: nothing of it stays at any gate. */
  ended(job: StoredJob, member: Membership): void {
    this.leaveLine(job, member);
    this.unpark(job, member);
    if (member.key !== null) {
      this.collector.noteLeaving(member.key, job);
      this.free(member.key, job.id);
    }
    if (member.tenant !== null) this.free(member.tenant, job.id);
  }

  /** A job becomes a dead letter, and not by a cancellation. Where such a letter parks its key, it keeps its slot. */
  buried(job: StoredJob, member: Membership): void {
    const { id, history } = job;
    const { key, tenant } = member;
    const group = key === null ? undefined : this.groups.get(key);
    if (group?.rules.parks !== true || !group.admitted.has(id)) {
      this.ended(job, member);
      return;
    }
    member.parks = true;
    this.groups.park(group.name, id, history?.finishedOn ?? 0);
    if (tenant !== null) this.free(tenant, id);
  }

  /** A group's rate is closed. @param until milliseconds since the epoch */
  sleep(name: string, until: number): void {
    this.groups.sleep(name, until);
  }

  /** Its rate may be open again. */
  wake(name: string): void {
    if (this.groups.wake(name)) this.admit(name);
  }

  /** @returns whether it was paused */
  resume(name: string): boolean {
    const wasPaused = this.groups.resume(name);
    this.admit(name);
    return wasPaused;
  }

  /** @param slots null: as the policy says */
  setSlots(name: string, slots: number | null): void {
    this.groups.setSlots(name, slots);
    this.admit(name);
  }

  private passKey(job: StoredJob, member: Membership, entrance: Entrance): void {
    if (member.tenant !== null && !this.ask(member.tenant, job, member)) return;
    this.options.store.enqueue(job, entrance);
  }

  /** Whether a job has a slot of the group, or gets one; else it is held. */
  private ask(name: string, job: StoredJob, member: Membership): boolean {
    const group = this.groups.open(name);
    if (group.admitted.has(job.id)) return true;
    // One that was delayed has its place already if the group keeps it.
    if (member.lineOf === null) member.place = this.nextPlace();
    this.leaveLine(job, member);
    if (group.rules.batch === null && this.groups.hasRoom(group)) {
      group.admitted.set(job.id, member.place);
      return true;
    }
    this.hold(group, job, member);
    this.collector.look(group);
    return false;
  }

  private free(name: string, id: string): void {
    this.groups.get(name)?.admitted.delete(id);
    this.admit(name);
  }

  /** Gives free slots to those that are next. */
  private admit(name: string): void {
    const group = this.groups.get(name);
    if (group === undefined) return;
    if (group.rules.batch !== null) this.collector.look(group);
    else
      for (let job = group.next; job !== null && this.groups.hasRoom(group); job = group.next)
        this.letIn(group, job);
    this.groups.tidy(name);
  }

  private letIn(group: Group, job: StoredJob): void {
    const member = this.giveSlot(group, job);
    // What is delayed has its slot from now on, and goes on once it is due.
    if (job.state === 'delayed') return;
    if (group.name === member.key) this.passKey(job, member, 'lane-end');
    else this.options.store.enqueue(job, 'lane-end');
    this.options.onAdmitted();
  }

  private giveSlot(group: Group, job: StoredJob): Membership {
    const member = job.membership as Membership;
    this.leaveLine(job, member);
    group.admitted.set(job.id, member.place);
    return member;
  }

  /** Takes a job out of its lane, and its slot away. */
  private putBack(group: Group, job: StoredJob, member: Membership): void {
    member.place = group.admitted.get(job.id) ?? FIRST_PLACE;
    group.admitted.delete(job.id);
    this.hold(group, job, member);
    if (group.name === member.key && member.tenant !== null) this.free(member.tenant, job.id);
  }

  private hold(group: Group, job: StoredJob, member: Membership): void {
    this.options.store.hold(job);
    this.standIn(group, job, member);
    this.groups.noteHeld(group);
  }

  private standIn(group: Group, job: StoredJob, member: Membership): void {
    member.lineOf = group.name;
    group.add(job);
  }

  private leaveLine(job: StoredJob, member: Membership): void {
    const group = member.lineOf === null ? undefined : this.groups.get(member.lineOf);
    if (group === undefined) return;
    member.lineOf = null;
    group.remove(job);
    if (job.state === 'waiting') this.groups.noteLeft(group);
  }

  private unpark({ id }: StoredJob, member: Membership): void {
    if (!member.parks || member.key === null) return;
    member.parks = false;
    this.groups.unpark(member.key, id);
  }

  private nextPlace(): number {
    this.places += 1;
    return this.places;
  }
}
