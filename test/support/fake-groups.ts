import type {
  GroupId,
  GroupPage,
  GroupRange,
  GroupsOfQueue,
  GroupStatus,
} from '../../src/message-queue/broker/groups-of-queue.js';

/** Groups that stand as a test says, and what they were asked for. */
export class FakeGroups implements GroupsOfQueue {
  readonly calls: unknown[][] = [];
  /** How each group stands; one that is not here has no jobs. */
  readonly standing = new Map<string, Partial<GroupStatus>>();

  list(range: GroupRange): Promise<GroupPage> {
    this.calls.push(['list', range]);
    return Promise.resolve({ groups: [], cursor: null });
  }

  read({ gate, id }: GroupId): Promise<GroupStatus> {
    const known = this.standing.get(`${gate}:${id}`);
    return Promise.resolve({ gate, id, held: 0, admitted: 0, oldestHeldAt: null, ...known });
  }

  pause(...call: [GroupId, string]): Promise<void> {
    this.calls.push(['pause', ...call]);
    return Promise.resolve();
  }

  resume(group: GroupId): Promise<boolean> {
    this.calls.push(['resume', group]);
    return Promise.resolve(this.standing.get(`${group.gate}:${group.id}`)?.paused !== undefined);
  }

  setSlots(...call: [GroupId, number | null]): Promise<void> {
    this.calls.push(['set-slots', ...call]);
    return Promise.resolve();
  }
}
