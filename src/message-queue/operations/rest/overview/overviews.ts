import type { EventsBeside } from '../../../../kernel/monitored/events-beside.js';
import type { BrokerLook } from '../../../broker/activity-store.js';
import type { DeadLetterService } from '../../../dead-letter/dead-letter.service.js';
import type { Fleet } from '../../../monitoring/activity/fleet.js';
import type { FleetQueues } from '../../../monitoring/activity/fleet-queues.js';
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
import { KeptGroups } from './kept-groups.js';
import { overviewTotals } from './overview-totals.js';
import { jobRows, queueRow } from './queue-row.js';

/** What the first page is made from. */
export interface OverviewParts {
  readonly queues: FleetQueues;
  readonly monitor: QueueMonitor;
  readonly fleet: Fleet;
  readonly histories: Histories;
  readonly alerts: Alerts;
  readonly letters: DeadLetterService;
  readonly schedules: Schedules;
  readonly events: EventsBeside;
  /** What does not change while the app runs. */
  readonly about: () => Pick<Overview, 'environment' | 'title' | 'boardUrl' | 'runbookUrl'>;
}

/** For so long those who look share an answer, milliseconds: a page asks every 5 s. */
const SHARED_MS = 1_000;
const SCHEDULES_MS = 5_000;
/** Groups on the first page. */
const MOST_GROUPS = 20;
/** Steps of a chart, at most about so many. */
const STEPS = 360;

interface HistoriesOfHours {
  readonly all: QueueHistory;
  readonly byQueue: ReadonlyMap<string, QueueHistory>;
}

/** The same for everybody. */
type Page = Omit<Overview, 'operator'>;

/**
 * The first page of the console, and the page of a queue: one look at each broker, and what is kept of closed hours. Who asks within a second
 * gets the same page; it asks nothing.
 */
export class Overviews {
  readonly #pages = new Map<number, KeptFor<Page>>();
  readonly #groups: KeptGroups;
  readonly #schedules: KeptFor<Awaited<ReturnType<Schedules['list']>>>;

  constructor(private readonly parts: OverviewParts) {
    this.#groups = new KeptGroups(() => parts.letters.groups());
    this.#schedules = new KeptFor(() => parts.schedules.list(), SCHEDULES_MS);
  }

  /** Something was changed: what is asked next is seen anew. */
  forget(): void {
    this.#pages.clear();
    this.#schedules.forget();
    this.#groups.forget();
    this.parts.fleet.forget();
  }

  /** @throws InvalidJobOptionsError for hours that are not kept; BrokerUnavailableError */
  async read(hours: number, { name, role }: Operator): Promise<Overview> {
    const kept = this.#pages.get(hours) ?? new KeptFor(() => this.#page(hours), SHARED_MS);
    this.#pages.set(hours, kept);
    return { ...(await kept.get()), operator: { name, role } };
  }

  async #page(hours: number): Promise<Page> {
    const { fleet, alerts, queues, monitor } = this.parts;
    const looks = [...(await queues.look()).values()];
    const [health, histories, groups, schedules] = await Promise.all([
      monitor.overallHealth(),
      this.#readHistories(hours),
      this.#groups.of(looks),
      this.#schedules.get(),
    ]);
    const byQueue: Readonly<Record<string, QueueHealth>> = health.queues;
    const rows = Object.entries(byQueue).map(([name, one]) =>
      this.#row(name, one, looks, histories.byQueue.get(name)),
    );
    const { points, step, deploys } = histories.all;
    const at = Math.max(...looks.map((look) => look.at));
    const workers = fleet.workersIn(looks);
    const { status, reasons } = health;
    return {
      ...{ at: new Date(at).toISOString(), ...this.parts.about(), hours, status, reasons },
      server: toJson(Object.values(byQueue)[0]?.server),
      alerts: toJson(alerts.listIn(looks).filter(({ state }) => state !== 'ok')),
      totals: overviewTotals({ rows, looks, points, stepMinutes: step, workers, at }),
      ...{ history: { step, points }, deploys, queues: sixFirst(rows) },
      deadLetters: toJson({ ...groups, groups: groups.groups.slice(0, MOST_GROUPS) }),
      schedules: toJson(schedules),
      events: this.#events(),
    } as Page;
  }

  #events(): Overview['events'] {
    const reading = this.parts.events.get()?.read();
    return reading === undefined ? null : { status: reading.status, alerts: reading.alerts.length };
  }

  /** @throws UnknownQueueError, BrokerUnavailableError */
  async queue(name: string): Promise<QueueDetail> {
    const { queues, monitor, fleet, histories } = this.parts;
    const looks = await queues.look();
    const managed = queues.get(name);
    const look = looks.get(managed.broker) as BrokerLook;
    const [health, history] = await Promise.all([
      monitor.health(name),
      histories.read(managed, { hours: 1 }),
    ]);
    const workers = fleet.workersIn([...looks.values()]);
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
    health: QueueHealth,
    looks: readonly BrokerLook[],
    history: QueueHistory | undefined,
  ): QueueRow {
    const { definition } = this.parts.queues.get(name);
    const announced = looks.flatMap((look) => look.announced).find((one) => one.name === name);
    const { points = [], step: stepMinutes = 1 } = history ?? {};
    return queueRow({ definition, announced, health, points, stepMinutes });
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
