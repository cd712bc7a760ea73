import type { StoredJob } from '../stored-job.js';
import type { Group } from './group.js';
import type { GroupMap } from './group-map.js';

/** What collecting depends on. */
export interface CollectorParts {
  readonly groups: GroupMap;
  readonly now: () => number;
  /** A window was opened: somebody must look when it closes. */
  readonly onWindow: () => void;
  /** The batch of a group is to run: its first job goes on. */
  readonly letGo: (group: Group, first: StoredJob) => void;
}

/**
 * Collects the jobs of a group for one run. The first job of an idle group opens a window, which closes when there are as many as a run may
 * have, or when its time is up: then the first one goes to its lane, and takes the others along when it starts. What comes while they
 * run waits for the next window, which opens when the last of them has ended.
 */
export class Collector {
  constructor(private readonly parts: CollectorParts) {}

  /** Looks whether a batch may go on. @param isDue it has waited long enough */
  look(group: Group, isDue = false): void {
    const { batch } = group.rules;
    const { groups, now, onWindow, letGo } = this.parts;
    if (isDue) group.isDue = true;
    if (batch === null || group.admitted.size > 0) return;
    const first = groups.isClosed(group.name) ? null : group.held.first;
    if (first !== null && !group.isDue && group.held.size < batch.size) {
      if (groups.wakes.of(group.name) !== undefined) return;
      groups.wakes.set(group.name, now() + batch.waitMs);
      onWindow();
      return;
    }
    groups.wakes.delete(group.name);
    group.isDue = false;
    if (first !== null) letGo(group, first);
  }

  /** The others that run with the first of a batch. @param giveSlot takes one out of the line of the group */
  companions({ rules, held }: Group, giveSlot: (job: StoredJob) => void): StoredJob[] {
    const most = (rules.batch?.size ?? 1) - 1;
    const companions: StoredJob[] = [];
    for (let job = held.first; job !== null && companions.length < most; job = held.first) {
      giveSlot(job);
      companions.push(job);
    }
    return companions;
  }

  /** Wakes the groups whose windows close now. */
  wakeDue(): void {
    const { groups, now } = this.parts;
    const time = now();
    for (let name = groups.wakes.takeDue(time); name !== null; name = groups.wakes.takeDue(time)) {
      const group = groups.get(name);
      if (group !== undefined) this.look(group, true);
    }
  }

  /** A job is removed. If it was to lead a batch, the others have waited long enough. */
  noteLeaving(name: string, { id, state }: StoredJob): void {
    const group = this.parts.groups.get(name);
    if (group === undefined || group.rules.batch === null) return;
    if (state === 'waiting' && group.admitted.has(id)) group.isDue = true;
  }
}
