import { gateOf, groupName } from '../../../jobs/flow/group-name.js';
import type { GroupId, GroupPage, GroupRange, GroupsOfQueue, GroupStatus } from '../../groups-of-queue.js';
import type { RedisQueue } from '../bull/redis-queue.js';
import type { RedisConnections } from '../connections/redis-connections.js';
import type { RedisScripts } from '../connections/redis-scripts.js';
import { unlessAway } from '../connections/unless-away.js';
import { listGroupsScript, readGroupsScript, setGroupScript } from '../scripts/gates/groups.lua.js';
import type { LuaScript } from '../scripts/lua-script.js';

type StatusReply = readonly [
  name: string,
  held: number,
  admitted: number,
  ...[oldest: string | null, opensAt: string | null, parked: string | null, set: string | null],
];

/** What is set of a group by hand. */
type Setting = Pick<GroupStatus, 'paused' | 'slots'>;

/** The groups of one queue. */
export class RedisGroups implements GroupsOfQueue {
  constructor(
    private readonly queue: RedisQueue,
    private readonly parts: { readonly scripts: RedisScripts; readonly connections: RedisConnections },
  ) {}

  async list({ state, cursor, limit }: GroupRange): Promise<GroupPage> {
    const reply = await this.run('reading groups', listGroupsScript, [state, cursor ?? '', limit]);
    const [following, statuses] = reply as [string | null, StatusReply[]];
    return { groups: statuses.map(toStatus), cursor: following };
  }

  async read(group: GroupId): Promise<GroupStatus> {
    const [status] = (await this.run('reading groups', readGroupsScript, [nameOf(group)])) as StatusReply[];
    return toStatus(status as StatusReply);
  }

  async pause(group: GroupId, reason: string): Promise<void> {
    await this.set('pausing a group', group, 'pause', reason);
    // Here none of them begins any more.
    this.queue.worker?.yieldJobs();
  }

  async resume(group: GroupId): Promise<boolean> {
    return (await this.set('resuming a group', group, 'resume', '')) === 1;
  }

  async setSlots(group: GroupId, slots: number | null): Promise<void> {
    await this.set('setting the slots of a group', group, 'slots', slots ?? '');
  }

  private set(what: string, group: GroupId, action: string, value: string | number): Promise<unknown> {
    const now = this.parts.connections.clock.now();
    return this.run(what, setGroupScript, [nameOf(group), action, value, now]);
  }

  private run(what: string, script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    const { scripts, connections } = this.parts;
    const answer = scripts.runPatiently(script, this.queue.base, args);
    return unlessAway(this.queue.name, what, connections, answer);
  }
}

function nameOf({ gate, id }: GroupId): string {
  return groupName(gate, id);
}

function toStatus([name, held, admitted, oldest, opensAt, parked, set]: StatusReply): GroupStatus {
  const setting = (set === null ? {} : JSON.parse(set)) as Setting;
  return {
    ...gateOf(name),
    held,
    admitted,
    oldestHeldAt: oldest === null ? null : Number(oldest),
    ...(opensAt !== null && { opensAt: Number(opensAt) }),
    ...(parked !== null && { parkedBy: parkedBy(parked) }),
    ...setting,
  };
}

/** The dead letter that parks a key, as `mq:parked` names it: id and time. */
export function parkedBy(text: string): { readonly jobId: string; readonly since: number } {
  const at = text.lastIndexOf(' ');
  return { jobId: text.slice(0, at), since: Number(text.slice(at + 1)) };
}
