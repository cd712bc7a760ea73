import type {
  EventsReading,
  MonitoredEvents,
  MonitoredLetter,
} from '../../kernel/monitored/monitored-events.js';
import type { EventBus } from '../bus/event-bus.js';
import type { BusJudge } from './bus-judge.js';

type JudgedBus = Pick<EventBus, 'readings' | 'deadLetters' | 'replayDeadLetters' | 'discardDeadLetters'>;

/** The bus as an app's operations show it: figures, health and dead letters, and no content of any event. */
export class MonitoredBus implements MonitoredEvents {
  constructor(
    private readonly bus: JudgedBus,
    private readonly judge: BusJudge,
  ) {}

  read(): EventsReading {
    const readings = this.bus.readings();
    const { queueMetrics } = this.judge.metrics();
    const { status, alerts } = this.judge.health();
    const [critical, normal, low] = readings.emittedInLanes;
    const { waits, runs } = this.judge.durations();
    return {
      ...{ phase: readings.phase, isEnabled: readings.enabled, status, alerts },
      ...{ size: readings.size, utilization: readings.utilization, memoryUsage: readings.memoryUsage },
      ...{ emittedInLanes: { critical, normal, low }, readyInLanes: readings.ready },
      ...{ done: queueMetrics.totalProcessed, failed: queueMetrics.totalFailed },
      ...{ refused: readings.refused, unhandled: readings.unhandled, crashes: readings.crashes },
      ...{ retries: readings.retries, waitingRetries: readings.waitingRetries },
      stalls: readings.threads.stalls,
      deadLetters: readings.deadLetters,
      ...{ inputPerSecond: queueMetrics.inputRate, donePerSecond: queueMetrics.processingRate },
      ...{ waitMs: queueMetrics.latency, runMs: queueMetrics.processing, waits, runs },
      ...{ busyMs: readings.busyMs, mainThreadPercent: queueMetrics.mainThreadShare },
      isFallback: readings.threads.wanted > 0 && readings.fallback,
      threads: readings.threads,
      places: this.judge.places(),
    };
  }

  deadLetters(most: number): readonly MonitoredLetter[] {
    const newest = this.bus.deadLetters().toReversed().slice(0, most);
    return newest.map(({ id, event, lastError, attempts, crashes, timestamp }) => {
      return { id, type: event.type, error: lastError.name, attempts, crashes, at: timestamp };
    });
  }

  replay(ids: readonly string[] | undefined): Promise<number> {
    return this.bus.replayDeadLetters(meant(ids));
  }

  discard(ids: readonly string[] | undefined): Promise<number> {
    return this.bus.discardDeadLetters(meant(ids));
  }
}

function meant(
  ids: readonly string[] | undefined,
): ((letter: { readonly id: string }) => boolean) | undefined {
  if (ids === undefined) return undefined;
  const wanted = new Set(ids);
  return ({ id }) => wanted.has(id);
}
