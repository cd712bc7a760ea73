import type { Clock } from '../../../../../kernel/time/clock.js';
import type { ActivityCounter } from '../../../../jobs/activity/activity-record.js';
import { ActivityStore } from '../../../activity-store.js';
import type { ActivityBatch, ActivityMinute, BrokerLook, FlushAnswer } from '../../../activity-store.js';
import type { OperatorDeed } from '../../../../jobs/activity/operator-deed.js';
import type { OperatorEntry, OperatorQuery, StoredAlert } from '../../../activity-store.js';
import type { QueueSnapshot } from '../../../queue-snapshot.js';
import {
  DEFAULT_HISTORY_HOURS,
  HOUR_MS,
  MOST_NOTES,
  alertKey,
  countersOf,
  entryId,
  liveMinutes,
} from '../../../rules/activity/activity-rules.js';
import { KnownProcesses } from './known-processes.js';
import { MinuteRings } from './minute-rings.js';

/** What happened to the jobs of one broker, kept in this process; it goes by the broker's clock. */
export class MemoryActivity extends ActivityStore {
  private readonly minutes: MinuteRings;
  private readonly processes: KnownProcesses;
  private readonly totals = new Map<string, Partial<Record<ActivityCounter, number>>>();
  private readonly alerts = new Map<string, StoredAlert>();
  private readonly entries: OperatorEntry[] = [];
  private leader: { readonly instance: string; readonly until: number } | null = null;
  private lastEntry: readonly [at: number, place: number] = [0, 0];

  /** @param countsOf the counts of a queue, whether or not the broker has it */
  constructor(
    private readonly clock: Clock,
    private readonly countsOf: (queue: string) => Promise<QueueSnapshot>,
    historyHours = DEFAULT_HISTORY_HOURS,
  ) {
    super();
    this.minutes = new MinuteRings(historyHours);
    this.processes = new KnownProcesses(historyHours);
  }

  async flush(batch: ActivityBatch): Promise<FlushAnswer> {
    const at = this.clock.now();
    const { isNew, announceAgain } = this.processes.note(batch, at);
    if (isNew) for (const series of batch.series) this.count(series, at);
    return { isNew, at, announceAgain };
  }

  async leave(instance: string): Promise<void> {
    this.processes.leave(instance, this.clock.now());
  }

  async look(queues: readonly string[]): Promise<BrokerLook> {
    const names = [...new Set(queues)];
    const counts = await Promise.all(names.map(async (name) => [name, await this.countsOf(name)] as const));
    const at = this.clock.now();
    const live = liveMinutes(at);
    const [from = at, to = at] = [live[0], live.at(-1)];
    return {
      at,
      counts: new Map(counts),
      minutes: names.flatMap((queue) => this.minutes.read(queue, from, to, at)),
      instances: this.processes.instances(at),
      announced: this.processes.announced(at),
      alerts: [...this.alerts.values()],
      totals: new Map([...this.totals].map(([queue, counters]) => [queue, { ...counters }])),
      deploys: this.processes.deploys,
      wrongKeys: [],
    };
  }

  async history(queue: string, fromHour: number, toHour: number): Promise<readonly ActivityMinute[]> {
    return this.minutes.read(queue, fromHour * HOUR_MS, (toHour + 1) * HOUR_MS - 1, this.clock.now());
  }

  async holdLeadership(instance: string, leaseMs: number): Promise<boolean> {
    const now = this.clock.now();
    const { leader } = this;
    if (leader !== null && leader.instance !== instance && leader.until > now) return false;
    this.leader = { instance, until: now + leaseMs };
    return true;
  }

  async giveUpLeadership(instance: string): Promise<void> {
    if (this.leader?.instance === instance) this.leader = null;
  }

  async moveAlert(alert: StoredAlert): Promise<boolean> {
    const key = alertKey(alert);
    if ((this.alerts.get(key)?.version ?? 0) !== alert.version - 1) return false;
    this.alerts.set(key, { ...alert });
    return true;
  }

  async removeAlert(rule: string, queue: string): Promise<void> {
    this.alerts.delete(alertKey({ rule, queue }));
  }

  async note(entry: OperatorDeed): Promise<void> {
    const [lastAt, place] = this.lastEntry;
    const at = Math.max(this.clock.now(), lastAt);
    this.lastEntry = [at, at === lastAt ? place + 1 : 0];
    this.entries.push({ ...entry, id: this.lastEntry.join('-'), at });
    if (this.entries.length > MOST_NOTES) this.entries.shift();
  }

  async notes({ limit, before }: OperatorQuery): Promise<readonly OperatorEntry[]> {
    if (before === undefined) return this.entries.slice(-limit).reverse();
    const [at, place] = entryId(before);
    const end = this.entries.findLastIndex(({ id }) => {
      const [entryAt, entryPlace] = entryId(id);
      return entryAt < at || (entryAt === at && entryPlace < place);
    });
    return this.entries.slice(Math.max(0, end + 1 - limit), end + 1).reverse();
  }

  private count(series: ActivityBatch['series'][number], at: number): void {
    this.minutes.add(series, at);
    const totals = this.totals.get(series.queue) ?? {};
    for (const [counter, value] of countersOf(series.record)) {
      totals[counter] = (totals[counter] ?? 0) + value;
    }
    this.totals.set(series.queue, totals);
  }
}
