import { packageVersion } from '../../../kernel/host/package-version.js';
import type { EventsBeside } from '../../../kernel/monitored/events-beside.js';
import type { HostCode } from '../../../kernel/host/host-code.js';
import type { BrokerLook } from '../../broker/activity-store.js';
import type { Broker, ServerReport } from '../../broker/broker.js';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import type { ProcessActivity } from '../../jobs/activity/process-activity.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import type { Fleet } from '../../monitoring/activity/fleet.js';
import { askServer } from '../../monitoring/rules/server-rules.js';
import type { CircuitBreakers } from '../../ports/circuit-breakers.js';
import type { MessageQueueWorker } from '../../worker/message-queue.worker.js';
import type { BrokerFacts } from './broker-families.js';
import type { MetricsSources } from './metrics-page.js';
import type { ProcessFacts } from './process-families.js';

/** What the sources are made of. */
export interface MetricsParts {
  readonly activity: ProcessActivity;
  readonly queues: ManagedQueues;
  readonly fleet: Fleet;
  readonly worker: MessageQueueWorker;
  readonly breakers: CircuitBreakers;
  readonly host: HostCode;
  readonly events: EventsBeside;
  readonly config: Pick<MessageQueueConfig, 'provider' | 'role'>;
}

/** The metrics of an app's process and of its brokers. */
export function metricsSources(parts: MetricsParts): MetricsSources {
  const version = packageVersion();
  return {
    process: async () => ({
      ...processFacts(parts, version),
      loopLagMs: await loopLagMs(),
    }),
    broker: () => brokerFacts(parts.fleet),
    events: () => parts.events.get()?.read() ?? null,
  };
}

function processFacts(
  { activity, queues, worker, breakers, host, config }: MetricsParts,
  version: string,
): Omit<ProcessFacts, 'loopLagMs'> {
  const names = worker.isRunning ? queues.names() : [];
  return {
    series: activity.series,
    refused: activity.refused,
    queues: names.map((queue) => ({
      queue,
      slots: queues.get(queue).definition.concurrency,
      busy: worker.activeCount(queue),
    })),
    // A host may have plugged in breakers of its own.
    breakers: host.ask('CircuitBreakers.statuses()', undefined, () => breakers.statuses(), []),
    build: { version, provider: config.provider, role: config.role },
  };
}

/** From now until what waits in the event loop has had its turn. */
function loopLagMs(): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve) => setImmediate(() => resolve(performance.now() - startedAt)));
}

/** Of all brokers together that answer; null when none does. */
async function brokerFacts(fleet: Fleet): Promise<BrokerFacts | null> {
  const asked = await Promise.allSettled(fleet.brokers().map((broker) => lookAt(fleet, broker)));
  const seen = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  return seen.length === 0 ? null : together(seen, seen.length === asked.length);
}

interface Seen {
  readonly look: BrokerLook;
  readonly server: ServerReport;
}

/** @throws Error when it does not answer in time */
async function lookAt(fleet: Fleet, broker: Broker): Promise<Seen> {
  const [look, server] = await Promise.all([fleet.recentLook(broker), askServer(broker)]);
  if (!server.reachable) throw new Error('not reachable');
  return { look, server };
}

function together(seen: readonly Seen[], areUp: boolean): BrokerFacts {
  const most = (of: (server: ServerReport) => number | null): number | null => {
    const known = seen.flatMap(({ server }) => of(server) ?? []);
    return known.length === 0 ? null : Math.max(...known);
  };
  return {
    areUp,
    looks: seen.map(({ look }) => look),
    latencyMs: most(({ latencyMs }) => latencyMs),
    memoryUsedRatio: most(({ memoryUsedRatio }) => memoryUsedRatio),
  };
}
