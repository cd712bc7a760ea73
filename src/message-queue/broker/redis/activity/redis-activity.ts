import { ActivityStore, LOST_FOR_MS } from '../../activity-store.js';
import type { ActivityBatch, ActivityMinute, BrokerLook, FlushAnswer } from '../../activity-store.js';
import type { OperatorDeed } from '../../../jobs/activity/operator-deed.js';
import type { OperatorEntry, OperatorQuery, StoredAlert } from '../../activity-store.js';
import type { QueueSnapshot } from '../../queue-snapshot.js';
import {
  ANNOUNCE_EVERY_MS,
  MOST_NOTES,
  MOST_VERSIONS,
  NUMBERS_KEPT_MS,
  alertKey,
  entryId,
  keptMs,
} from '../../rules/activity/activity-rules.js';
import type { SnapshotReader } from '../administration/snapshot-reader.js';
import type { RedisAccess } from '../connections/over-queues.js';
import { patiently } from '../connections/patiently.js';
import { unasked, unlessAway } from '../connections/unless-away.js';
import { keyPrefix } from '../queue-options.js';
import type { ResolvedRedisBrokerOptions } from '../redis-broker.options.js';
import {
  giveUpLeadershipScript,
  holdLeadershipScript,
  moveAlertScript,
} from '../scripts/activity/alerting.lua.js';
import { flushActivityScript, leaveActivityScript } from '../scripts/activity/flush-activity.lua.js';
import { lookActivityScript } from '../scripts/activity/look-activity.lua.js';
import type { LuaScript } from '../scripts/lua-script.js';
import { packSeries, parsed, readHour, readLook } from './activity-text.js';
import type { LookReply } from './activity-text.js';

/** How long a flush waits for a connection: the next one carries the same. */
const FLUSH_WAITS_MS = 2_000;
/** Hours that are read at once: more would hold up other clients. */
const HOURS_AT_ONCE = 24;

/** Where what happened is, and for how long. */
type ActivityOptions = Pick<ResolvedRedisBrokerOptions, 'redis' | 'prefix' | 'historyHours'>;

/**
 * What happened, under `prefix:{ops}:` beside the queues: its hash tag keeps all of it together, and no queue may have that name. Every
 * call rejects with `BrokerUnavailableError` when Redis has been away for two seconds, or refuses.
 */
export class RedisActivity extends ActivityStore {
  private readonly base: string;

  /** @param snapshots counts the jobs of queues */
  constructor(
    private readonly redis: RedisAccess,
    private readonly options: ActivityOptions,
    private readonly snapshots: Pick<SnapshotReader, 'read'>,
  ) {
    super();
    this.base = `${options.prefix}:{ops}:`;
  }

  async flush({ seq, heartbeat, series, announced }: ActivityBatch): Promise<FlushAnswer> {
    const { connections, scripts } = this.redis;
    // What waited for a connection would be sent again beside it.
    if (!(await connections.ready(FLUSH_WAITS_MS))) throw unasked(null, 'keeping what happened', connections);
    const kept = [LOST_FOR_MS, NUMBERS_KEPT_MS, keptMs(this.options.historyHours), ANNOUNCE_EVERY_MS];
    const call = scripts.run(flushActivityScript, this.base, [
      ...[heartbeat.id, seq, JSON.stringify(heartbeat), heartbeat.version, connections.clock.now()],
      ...[...kept, MOST_VERSIONS, packSeries(series)],
      ...announced.flatMap((queue) => [queue.name, JSON.stringify(queue)]),
    ]);
    const answer = await unlessAway(null, 'keeping what happened', connections, call);
    const [isNew, at, announceAgain] = answer as [number, string, number];
    return { isNew: isNew === 1, at: Number(at), announceAgain: announceAgain === 1 };
  }

  async leave(instance: string): Promise<void> {
    await this.run('leaving the fleet', leaveActivityScript, [instance, NUMBERS_KEPT_MS]);
  }

  async look(queues: readonly string[]): Promise<BrokerLook> {
    const { connections, scripts } = this.redis;
    const names = [...new Set(queues)];
    const until = [connections.clock.now(), LOST_FOR_MS, keptMs(this.options.historyHours)];
    // The counts and the rest leave together.
    if (connections.isWritable) connections.writeTogether();
    const counting = names.map(async (name) => [name, await this.countsOf(name)] as const);
    const looking = patiently(() => scripts.runForBytes(lookActivityScript, this.base, [...until, ...names]));
    const answers = Promise.all([looking, Promise.all(counting)] as const);
    const [reply, counts] = await unlessAway(null, 'reading what happened', connections, answers);
    const { wrong, ...look } = readLook(reply as LookReply);
    const wrongKeys = wrong.map(([name, holds, belongs]) => ({ key: this.base + name, holds, belongs }));
    return { ...look, counts: new Map(counts), wrongKeys };
  }

  async history(queue: string, fromHour: number, toHour: number): Promise<readonly ActivityMinute[]> {
    const { client } = this.redis.connections;
    const oldest = Math.max(fromHour, toHour - 2 * this.options.historyHours);
    const minutes: ActivityMinute[] = [];
    for (let from = oldest; from <= toHour; from += HOURS_AT_ONCE) {
      const hours = Array.from({ length: Math.min(HOURS_AT_ONCE, toHour - from + 1) }, (_, i) => from + i);
      const reading = hours.map(async (hour) => {
        const fields = await patiently(() => client.hgetallBuffer(`${this.base}m:${queue}:${hour}`));
        return readHour(queue, hour, fields);
      });
      minutes.push(...(await this.answered('reading what happened', Promise.all(reading))).flat());
    }
    return minutes.sort((a, b) => a.minute - b.minute);
  }

  async holdLeadership(instance: string, leaseMs: number): Promise<boolean> {
    return (await this.run('holding the lease of alerts', holdLeadershipScript, [instance, leaseMs])) === 1;
  }

  async giveUpLeadership(instance: string): Promise<void> {
    await this.run('giving up the lease of alerts', giveUpLeadershipScript, [instance]);
  }

  async moveAlert(alert: StoredAlert): Promise<boolean> {
    const args = [alertKey(alert), alert.version - 1, JSON.stringify(alert)];
    return (await this.run('storing an alert', moveAlertScript, args)) === 1;
  }

  async removeAlert(rule: string, queue: string): Promise<void> {
    const { client } = this.redis.connections;
    const removing = patiently(() => client.hdel(`${this.base}alerts`, alertKey({ rule, queue })));
    await this.answered('removing an alert', removing);
  }

  async note(entry: OperatorDeed): Promise<void> {
    const { client } = this.redis.connections;
    const capped = [`${this.base}audit`, 'MAXLEN', '~', MOST_NOTES, '*'] as const;
    const noting = patiently(() => client.xadd(...capped, 'entry', JSON.stringify(entry)));
    await this.answered('noting what an operator did', noting);
  }

  async notes({ limit, before }: OperatorQuery): Promise<readonly OperatorEntry[]> {
    const { client } = this.redis.connections;
    const end = before === undefined ? '+' : `(${entryId(before).join('-')}`;
    const reading = patiently(() => client.xrevrange(`${this.base}audit`, end, '-', 'COUNT', limit));
    const found = await this.answered('reading what operators did', reading);
    return found.flatMap(([id, fields]) => {
      const [at] = entryId(id);
      return parsed<OperatorDeed>(fields[1] ?? '').map((entry) => ({ ...entry, id, at }));
    });
  }

  private countsOf(queue: string): Promise<QueueSnapshot> {
    return this.snapshots.read(`${keyPrefix(this.options, queue)}:${queue}:`);
  }

  private run(what: string, script: LuaScript, args: readonly (string | number)[]): Promise<unknown> {
    return this.answered(what, this.redis.scripts.runPatiently(script, this.base, args));
  }

  private answered<T>(what: string, answer: Promise<T>): Promise<T> {
    return unlessAway(null, what, this.redis.connections, answer);
  }
}
