import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { DuplicateRegistrationError } from '../../../kernel/errors.js';
import type { MessageQueueService } from '../../message-queue.service.js';
import type { MetricFamily } from './exposition.js';
import { METRIC_PREFIX, METRICS } from './metric-table.js';
import type { MetricName } from './metric-table.js';
import { metricsOf } from './metrics-of-service.js';
import type { MetricsPage } from './metrics-page.js';

/** What is used of a registry of `prom-client` 15. */
export interface MetricsRegistry {
  // Methods, so that prom-client's own narrower types fit.
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
}

/** The metrics of the queues for a registry of the host's. */
export interface MessageQueueCollector {
  /**
   * Puts them into a registry of `prom-client`; what that registry serves has them from now on. Again into the same one changes nothing.
   * @param registry default: the global one of `prom-client`
   * @throws DuplicateRegistrationError when something else in it has the name of one of them; MissingPackageError without a registry when
   * `prom-client` is not installed
   */
  register(registry?: MetricsRegistry): void;
}

/**
 * The metrics of the queues for a host that serves metrics of its own with `prom-client` (an optional peer): nothing is counted twice, they are
 * read when a scrape asks.
 */
export function messageQueueCollector(messageQueue: MessageQueueService): MessageQueueCollector {
  const page = metricsOf(messageQueue);
  return {
    register(registry = globalRegistry()) {
      const names = Object.keys(METRICS) as MetricName[];
      const added = names.filter((name) => !isOurs(registry.getSingleMetric(METRIC_PREFIX + name), page));
      for (const name of added) {
        if (registry.getSingleMetric(METRIC_PREFIX + name) === undefined) continue;
        throw new DuplicateRegistrationError(
          `The registry has a metric ${METRIC_PREFIX}${name} already, of something else: register the queues of one app in it, once.`,
        );
      }
      for (const name of added) registry.registerMetric(new CollectedMetric(page, name) as never);
    },
  };
}

function globalRegistry(): MetricsRegistry {
  return loadOptionalPackage<{ register: MetricsRegistry }>('prom-client', 'metrics in its registry')
    .register;
}

function isOurs(metric: unknown, page: MetricsPage): boolean {
  return metric instanceof CollectedMetric && metric.page === page;
}

/** One metric as registries of `prom-client` read theirs. */
class CollectedMetric {
  /** A registry that speaks OpenMetrics takes `_total` away. */
  name: string;
  readonly help: string;
  readonly type: string;
  /** Of processes of one machine that prom-client puts together. */
  readonly aggregator: 'sum' | 'max';

  constructor(
    readonly page: MetricsPage,
    private readonly metric: MetricName,
  ) {
    const { help, type, of } = METRICS[metric];
    this.name = METRIC_PREFIX + metric;
    this.help = help;
    this.type = type;
    this.aggregator = of === 'process' ? 'sum' : 'max';
  }

  async get(): Promise<object> {
    const { name, help, type, aggregator, metric } = this;
    const families = await this.page.families();
    const family = families.find((one: MetricFamily) => one.name === metric);
    const values = (family?.samples ?? []).map(({ labels, value, part }) => ({
      ...{ labels, value },
      ...(part !== undefined && { metricName: `${name}_${part}` }),
    }));
    return { name, help, type, aggregator, values };
  }

  /** They are counted for the broker and all processes too, and go on. */
  reset(): void {
    return undefined;
  }
}
