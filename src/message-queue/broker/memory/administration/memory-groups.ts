import { groupName } from '../../../jobs/flow/group-name.js';
import type { GroupId, GroupPage, GroupRange, GroupsOfQueue, GroupStatus } from '../../groups-of-queue.js';
import type { QueueEngine } from '../store/queue-engine.js';

/** The groups of one queue. */
export class MemoryGroups implements GroupsOfQueue {
  constructor(private readonly engine: QueueEngine) {}

  async list(range: GroupRange): Promise<GroupPage> {
    await this.engine.turns.look();
    return this.engine.gates.groups.list(range);
  }

  async read(group: GroupId): Promise<GroupStatus> {
    await this.engine.turns.look();
    return this.engine.gates.groups.status(nameOf(group));
  }

  async pause(group: GroupId, reason: string): Promise<void> {
    this.engine.gates.groups.pause(nameOf(group), reason, this.engine.clock.now());
  }

  async resume(group: GroupId): Promise<boolean> {
    return this.engine.gates.resume(nameOf(group));
  }

  async setSlots(group: GroupId, slots: number | null): Promise<void> {
    this.engine.gates.setSlots(nameOf(group), slots);
  }
}

function nameOf({ gate, id }: GroupId): string {
  return groupName(gate, id);
}
