import type { EventsReading } from '../../../kernel/monitored/monitored-events.js';
import { brokerFamilies } from './broker-families.js';
import type { BrokerFacts } from './broker-families.js';
import { eventFamilies } from './event-families.js';
import { exposition } from './exposition.js';
import type { MetricFamily } from './exposition.js';
import { processFamilies } from './process-families.js';
import type { ProcessFacts } from './process-families.js';

/** Where the metrics come from. */
export interface MetricsSources {
  /** What this process knows of itself. */
  readonly process: () => Promise<ProcessFacts>;
  /** What all processes share; null while the broker does not answer. Must not reject. */
  readonly broker: () => Promise<BrokerFacts | null>;
  /** Of the bus of events of this process; null where the app has none. */
  readonly events: () => EventsReading | null;
}

/** All metrics of this process and of the broker at one moment. */
export class MetricsPage {
  #reading: Promise<readonly MetricFamily[]> | null = null;

  constructor(private readonly sources: MetricsSources) {}

  /** Every metric, also those without values. Who asks while somebody else does gets the same answer. */
  families(): Promise<readonly MetricFamily[]> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  /** The metrics in Prometheus' text format. */
  async text(): Promise<string> {
    return exposition(await this.families());
  }

  async #read(): Promise<readonly MetricFamily[]> {
    const [process, broker] = await Promise.all([this.sources.process(), this.sources.broker()]);
    return [...processFamilies(process), ...eventFamilies(this.sources.events()), ...brokerFamilies(broker)];
  }
}
