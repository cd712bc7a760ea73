import type { Clock } from '../../../kernel/time/clock.js';
import type { MonitoredEvents } from '../../../kernel/monitored/monitored-events.js';
import type { BrokerLook } from '../../broker/activity-store.js';
import type { Broker } from '../../broker/broker.js';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import type { AlertSink } from '../../ports/alerts/alert-sink.js';
import { AlertDelivery } from './alert-delivery.js';
import type { AlertStatus } from './alert-status.js';
import { AlertWatch } from './alert-watch.js';
import { EventsWatch } from './events-watch.js';
import type { AlertSettings } from './settings/alert-settings.js';

/** What the alerts of an app are watched with. */
export interface AlertWatchesParts {
  readonly queues: ManagedQueues;
  /** This process, by its id among all of them. */
  readonly instance: string;
  readonly settings: AlertSettings;
  /** Everything of a broker at one moment, what this process has counted included. */
  readonly look: (broker: Broker) => Promise<BrokerLook>;
  /** Makes the sinks, when everything that they need is there. */
  readonly sinks: () => Promise<readonly AlertSink[]>;
  readonly worksHere: boolean;
  /** The bus of events of this app; null where it has none. */
  readonly events: () => MonitoredEvents | null;
  readonly clock: Clock;
}

/** The alerts of all brokers of an app: each is watched on its own, and tells the same sinks. */
export class AlertWatches {
  private watches: readonly AlertWatch[] = [];
  private delivery: AlertDelivery | null = null;
  private events: EventsWatch | null = null;

  constructor(private readonly parts: AlertWatchesParts) {}

  /** Makes the sinks, unless alerts are off. @throws what making one throws */
  async prepare(): Promise<void> {
    const { queues, instance, settings, look, sinks, worksHere, clock } = this.parts;
    if (settings.enabled !== true) return;
    const delivery = new AlertDelivery(named(await sinks()), settings.runbookUrl, clock);
    const all = queues.names().map((name) => queues.get(name));
    this.watches = [...new Set(all.map(({ broker }) => broker))].map((broker) => {
      const registered = all.filter((managed) => managed.broker === broker);
      const shared = { instance, delivery, settings, worksHere, clock };
      return new AlertWatch({ broker, registered, look: () => look(broker), ...shared });
    });
    this.events = new EventsWatch({ events: this.parts.events, settings, delivery, clock });
    this.delivery = delivery;
  }

  /** Begins; a second call does nothing. */
  start(): void {
    for (const watch of this.watches) watch.start();
    this.events?.start();
  }

  /** Nothing is judged any more unless {@link turn} is called. */
  async halt(): Promise<void> {
    await Promise.all([...this.watches.map((watch) => watch.stop()), this.events?.stop()]);
  }

  /** Ends; another process goes on. Waits at most about a second. */
  async stop(): Promise<void> {
    await this.halt();
    await this.delivery?.stop();
  }

  /** How often rules are evaluated, milliseconds; null: alerts are off. */
  get everyMs(): number | null {
    return this.delivery === null ? null : this.parts.settings.everyMs;
  }

  /** One turn now, and until everybody was told who is to be: for tests. */
  async turn(): Promise<void> {
    this.events?.turn();
    await Promise.all(this.watches.map((watch) => watch.turn()));
    await this.delivery?.settled();
  }

  /** Alerts that only this process knows of: its brokers do not answer, or its bus of events is not well. */
  own(): AlertStatus[] {
    const brokers = this.watches.map((watch) => watch.status()).filter((status) => status !== null);
    return [...brokers, ...(this.events?.status() ?? [])];
  }
}

/** Sinks with names that tell them apart. */
function named(sinks: readonly AlertSink[]): readonly AlertSink[] {
  const taken = new Set<string>();
  return sinks.map((sink) => {
    let { name } = sink;
    for (let n = 2; taken.has(name); n++) name = `${sink.name} ${n}`;
    taken.add(name);
    return name === sink.name ? sink : { name, send: (...told) => sink.send(...told) };
  });
}
