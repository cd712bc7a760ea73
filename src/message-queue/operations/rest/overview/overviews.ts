import type { ManagedQueues } from '../../../broker/managed-queues.js';
import type { BrokerLook } from '../../../broker/activity-store.js';
import type { DeadLetterService } from '../../../dead-letter/dead-letter.service.js';
import type { Fleet } from '../../../monitoring/activity/fleet.js';
import type { Histories } from '../../../monitoring/activity/histories.js';
import type { QueueHistory } from '../../../monitoring/activity/queue-history.js';
import type { Alerts } from '../../../monitoring/alerts/alerts.js';
import type { QueueHealth } from '../../../monitoring/queue-health.js';
import type { QueueMonitor } from '../../../monitoring/queue-monitor.js';
import type { Schedules } from '../../../schedules/schedules.js';
import type { Operator } from '../../access/operator.js';
import type { Overview, QueueDetail, QueueRow } from '../answers.js';
import { toJson } from '../to-json.js';
import { KeptFor } from './kept-for.js';
import { overviewTotals } from './overview-totals.js';
import { jobRows, queueRow } from './queue-row.js';

/** What the first page is made from. */
export interface OverviewParts {
  readonly queues: ManagedQueues;
  readonly monitor: QueueMonitor;
  readonly fleet: Fleet;
  readonly histories: Histories;
  readonly alerts: Alerts;
  readonly letters: DeadLetterService;
  readonly schedules: Schedules;
  /** What does not change while the app runs. */
  readonly about: () => Pick<Overview, 'environment' | 'title' | 'boardUrl' | 'runbookUrl'>;
}

/** For so long those who look share an answer, milliseconds: a page asks every 5 s. */
const SHARED_MS = 1_000;
/** Groups of letters take so many times as long as they took until they are read again. */
const GROUPS_REST = 20;
const SCHEDULES_MS = 5_000;
/** Groups on the first page. */
const MOST_GROUPS = 20;
/** Steps of a chart, at most about so many. */
const STEPS = 360;

interface HistoriesOfHours {
  readonly all: QueueHistory;
  readonly byQueue: ReadonlyMap<string, QueueHistory>;
}

/** The first page of the console, and the page of a queue: one look at each broker, and what is kept of closed hours. */
export class Overviews {
  readonly #health: KeptFor<Awaited<ReturnType<QueueMonitor['overallHealth']>>>;
  readonly #groups: KeptFor<Awaited<ReturnType<DeadLetterService['groups']>>>;
  readonly #schedules: KeptFor<Awaited<ReturnType<Schedules['list']>>>;
  readonly #histories = new Map<number, KeptFor<HistoriesOfHours>>();

  constructor(private readonly parts: OverviewParts) {
    this.#health = new KeptFor(() => parts.monitor.overallHealth(), SHARED_MS);
    this.#groups = new KeptFor(() => parts.letters.groups(), SHARED_MS, GROUPS_REST);
    this.#schedules = new KeptFor(() => parts.schedules.list(), SCHEDULES_MS);
  }

  /** Something was changed: what is asked next is seen anew. */
  forget(): void {
    for (const kept of [this.#health, this.#groups, this.#schedules]) kept.forget();
  }

  /** @throws InvalidJobOptionsError for hours that are not kept; BrokerUnavailableError */
  async read(hours: number, operator: Operator): Promise<Overview> {
    const { fleet, alerts } = this.parts;
    const [health, looks, workers, listed, histories, groups, schedules] = await Promise.all([
      this.#health.get(),
      fleet.lookAtAll(),
      fleet.workers(),
      alerts.list(),
      this.#historiesOf(hours),
      this.#groups.get(),
      this.#schedules.get(),
    ]);
    const all = [...looks.values()];
    const byQueue: Readonly<Record<string, QueueHealth>> = health.queues;
    const rows = this.parts.queues
      .names()
      .map((name) => this.#row(name, byQueue[name], all, histories.byQueue.get(name)));
    const { points, step, deploys } = histories.all;
    const at = all.length === 0 ? health.timestamp.getTime() : Math.max(...all.map((look) => look.at));
    const { name, role } = operator;
    return {
      ...{ at: new Date(at).toISOString(), operator: { name, role }, ...this.parts.about() },
      ...{
        server: toJson(Object.values(byQueue)[0]?.server),
        hours,
        status: health.status,
        reasons: health.reasons,
      },
      alerts: toJson(listed.filter(({ state }) => state !== 'ok')),
      totals: overviewTotals({ rows, looks: all, points, stepMinutes: step, workers, at }),
      ...{ history: { step, points }, deploys, queues: sixFirst(rows) },
      deadLetters: toJson({ ...groups, groups: groups.groups.slice(0, MOST_GROUPS) }),
      schedules: toJson(schedules),
    } as Overview;
  }

  /** @throws UnknownQueueError, BrokerUnavailableError */
  async queue(name: string): Promise<QueueDetail> {
    const { queues, monitor, fleet, histories } = this.parts;
    const managed = queues.get(name);
    const [health, look, workers, history] = await Promise.all([
      monitor.health(name),
      fleet.look(managed.broker),
      fleet.workers(),
      histories.read(managed, { hours: 1 }),
    ]);
    return {
      at: new Date(look.at).toISOString(),
      queue: this.#row(name, health, [look], history),
      announced: look.announced.find((one) => one.name === name) ?? null,
      workers: toJson(workers.filter((worker) => worker.queues.some(({ queue }) => queue === name))),
      jobs: jobRows(health.stats),
    };
  }

  #row(
    name: string,
    health: QueueHealth | undefined,
    looks: readonly BrokerLook[],
    history: QueueHistory | undefined,
  ): QueueRow {
    if (health === undefined) throw new Error(`There is no health of queue "${name}".`);
    const { definition } = this.parts.queues.get(name);
    const announced = looks.flatMap((look) => look.announced).find((one) => one.name === name);
    const { points = [], step: stepMinutes = 1 } = history ?? {};
    return queueRow({ definition, announced, health, points, stepMinutes });
  }

  #historiesOf(hours: number): Promise<HistoriesOfHours> {
    const kept = this.#histories.get(hours) ?? new KeptFor(() => this.#readHistories(hours), SHARED_MS);
    this.#histories.set(hours, kept);
    return kept.get();
  }

  async #readHistories(hours: number): Promise<HistoriesOfHours> {
    const { queues, histories } = this.parts;
    const managed = queues.names().map((name) => queues.get(name));
    const stepMinutes = Math.max(1, Math.min(60, Math.ceil((hours * 60) / STEPS)));
    const read = await histories.readAll(managed, { hours, stepMinutes });
    const nothing = { queue: '', job: null, step: stepMinutes, from: 0, points: [], deploys: [] };
    const each = read?.each ?? [];
    return { all: read?.all ?? nothing, byQueue: new Map(each.map((history) => [history.queue, history])) };
  }
}

function sixFirst(rows: readonly QueueRow[]): QueueRow[] {
  return [...rows].sort((a, b) => Number(b.isBuiltIn) - Number(a.isBuiltIn));
}
