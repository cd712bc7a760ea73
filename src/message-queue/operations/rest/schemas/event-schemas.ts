import type { MonitoredPercentiles, MonitoredPlace } from '../../../../kernel/monitored/monitored-events.js';
import type {
  EventLetterRow,
  EventLettersChanged,
  EventsAlertRow,
  EventsDetail,
  EventsState,
} from '../event-answers.js';
import { FLAG, list, NUMBER, object, orNull, ref, TEXT, TIME, WHOLE, words } from './schema.js';
import type { Schema } from './schema.js';

const LANES = { critical: WHOLE, normal: WHOLE, low: WHOLE };
const PERCENTILES = object<MonitoredPercentiles>({ p50: NUMBER, p95: NUMBER, p99: NUMBER });

/** What is answered of the bus of events. */
export const EVENT_SCHEMAS: Readonly<Record<string, Schema>> = {
  EventsState: object<EventsState>({
    ...{ phase: words('new', 'starting', 'running', 'stopping', 'stopped'), isEnabled: FLAG },
    status: words('healthy', 'degraded', 'unhealthy'),
    alerts: list(
      object<EventsAlertRow>({
        ...{ code: TEXT, severity: words('degraded', 'unhealthy'), message: TEXT },
        ...{ value: NUMBER, limit: NUMBER, since: TIME },
      }),
    ),
    ...{ size: WHOLE, utilization: NUMBER, memoryUsage: NUMBER },
    emittedInLanes: object<EventsState['emittedInLanes']>(LANES),
    readyInLanes: object<EventsState['readyInLanes']>({ ...LANES, suspects: WHOLE, main: WHOLE }),
    ...{ done: WHOLE, failed: WHOLE, refused: WHOLE, unhandled: WHOLE, retries: WHOLE },
    ...{ waitingRetries: WHOLE, crashes: WHOLE, stalls: WHOLE },
    deadLetters: object<EventsState['deadLetters']>({ kept: WHOLE, total: WHOLE, dropped: WHOLE }),
    ...{ inputPerSecond: NUMBER, donePerSecond: NUMBER, waitMs: PERCENTILES, runMs: PERCENTILES },
    ...{ busyMs: NUMBER, mainThreadPercent: NUMBER, isFallback: FLAG },
    threads: object<EventsState['threads']>({ wanted: WHOLE, live: WHOLE, restarts: WHOLE }),
    places: list(
      object<MonitoredPlace>({ owner: WHOLE, isLive: FLAG, running: WHOLE, done: WHOLE, failed: WHOLE }),
    ),
  }),
  EventLetter: object<EventLetterRow>({
    ...{ id: TEXT, type: TEXT, error: TEXT, attempts: WHOLE, crashes: WHOLE, at: TIME },
  }),
  EventsDetail: object<EventsDetail>({
    ...{ at: TIME, process: object<EventsDetail['process']>({ host: TEXT, pid: WHOLE }) },
    ...{ events: orNull(ref('EventsState')), deadLetters: list(ref('EventLetter')) },
  }),
  EventLettersChanged: object<EventLettersChanged>({ changed: WHOLE }),
};
