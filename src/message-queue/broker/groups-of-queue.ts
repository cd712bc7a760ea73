import type { Gate } from '../jobs/flow/group-name.js';

/** What is out of the ordinary with a group. */
export type GroupState = 'holding' | 'parked' | 'paused' | 'sleeping';

/** Which group is meant. */
export interface GroupId {
  readonly gate: Gate;
  /** The key, the tenant, or of a batch the job name and behind a colon the key. */
  readonly id: string;
}

/** How a group stands. */
export interface GroupStatus extends GroupId {
  /** Jobs that wait for a slot of it. */
  readonly held: number;
  /** Jobs that hold one. */
  readonly admitted: number;
  /** When the first of those that wait was added, milliseconds since the epoch; null when none waits. */
  readonly oldestHeldAt: number | null;
  /** Until when its rate or its window keeps it closed, milliseconds since the epoch. */
  readonly opensAt?: number;
  /** The dead letter for which it stands still. */
  readonly parkedBy?: { readonly jobId: string; readonly since: number };
  readonly paused?: { readonly reason: string; readonly since: number };
  /** Set by hand. */
  readonly slots?: number;
}

/** What part of the groups to read. */
export interface GroupRange {
  readonly state: GroupState;
  /** Of the page before; null for the first one. */
  readonly cursor: string | null;
  /** At most 1 000. A page may hold fewer although others follow: the cursor says whether they do. */
  readonly limit: number;
}

/** A page of groups. */
export interface GroupPage {
  readonly groups: readonly GroupStatus[];
  /** Null behind the last page. */
  readonly cursor: string | null;
}

/** The groups of one queue. */
export interface GroupsOfQueue {
  /** Groups in a state; of those that hold, are parked or paused, those first that came to it first. */
  list(range: GroupRange): Promise<GroupPage>;
  /** How one group stands, whether or not it has jobs. */
  read(group: GroupId): Promise<GroupStatus>;
  /** From now on none of its jobs starts; runs go on. Said again, the reason changes. */
  pause(group: GroupId, reason: string): Promise<void>;
  /** @returns whether it was paused */
  resume(group: GroupId): Promise<boolean>;
  /** Changes how many jobs of it may run, or of a weighted tenant stand in the lane; null: as its queue's `flow` says. */
  setSlots(group: GroupId, slots: number | null): Promise<void>;
}

/** Of all groups of a queue together. */
export interface FlowCounts {
  /** Jobs that wait for a slot of a group, which count as waiting too. */
  readonly held: number;
  readonly holding: number;
  readonly parked: number;
  readonly paused: number;
  /** Groups that a rate or a batch keeps closed, and closed rates of the queue and of job names. */
  readonly sleeping: number;
  /** When the job was added that has been held longest, as far as can be told cheaply; milliseconds since the epoch, or null. */
  readonly oldestHeldAt: number | null;
  /** The key that has been parked longest; null when none is. */
  readonly oldestParked: { readonly key: string; readonly jobId: string; readonly since: number } | null;
  /** Slots that were ever freed because nobody told that their owners were gone. */
  readonly repairs: number;
  /** How long starts were ever put off by a rate, milliseconds. */
  readonly rateClosedMs: number;
}

/** Of a queue in which no job has a group. */
export const NO_FLOW: FlowCounts = Object.freeze({
  held: 0,
  holding: 0,
  parked: 0,
  paused: 0,
  sleeping: 0,
  oldestHeldAt: null,
  oldestParked: null,
  repairs: 0,
  rateClosedMs: 0,
});
