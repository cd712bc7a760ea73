/** Metrics of a bus of events in this process, for apps that have one. Lanes are those of its priorities. */
export const EVENT_METRICS = {
  events_emitted_total: event('counter', ['lane'], 'Events that the bus of this process stored, by lane.'),
  events_handled_total: event(
    'counter',
    ['place'],
    'Events that were handled in this process, on worker threads or in the thread of the app.',
  ),
  event_runs_failed_total: event('counter', ['place'], 'Runs of event handlers in this process that failed.'),
  events_refused_total: event(
    'counter',
    [],
    'Events that the bus of this process refused: it was full, or they came too fast.',
  ),
  events_unhandled_total: event('counter', [], 'Events of types that nobody in this process handles.'),
  event_retries_total: event('counter', [], 'Further runs of events that failed in this process.'),
  event_dead_letters_total: event('counter', [], 'Events that this process gave up.'),
  event_dead_letters: event('gauge', [], 'Events that were given up and are kept in this process.'),
  events_ready: event(
    'gauge',
    ['lane'],
    'Events of this process that could be started now, by lane; main are those for the thread of the app.',
  ),
  events_stored: event('gauge', [], 'Events of this process that nobody has finished.'),
  event_buffer_ratio: event(
    'gauge',
    ['of'],
    'Used share of the places and of the memory for events in this process, 0 to 1.',
  ),
  event_threads: event(
    'gauge',
    ['state'],
    'Worker threads for events in this process: wanted, live and busy.',
  ),
  event_thread_restarts_total: event(
    'counter',
    [],
    'Worker threads for events that this process started again.',
  ),
  event_thread_crashes_total: event('counter', [], 'Deaths of a worker thread while it ran one event alone.'),
  event_stalls_total: event(
    'counter',
    [],
    'Times that events were ready, a thread idle, and nothing was begun.',
  ),
  event_fallback: event(
    'gauge',
    [],
    'Whether handlers of events run in the thread of the app because no worker thread lives.',
  ),
  event_bus_busy_seconds_total: event(
    'counter',
    [],
    'How long the bus of events kept the thread of the app in this process.',
  ),
  event_wait_seconds: event(
    'histogram',
    [],
    'From the emit of an event to the start of its first run, in this process; the sum is estimated from the buckets.',
  ),
  event_run_seconds: event(
    'histogram',
    [],
    'How long a run of the handlers of an event took in this process.',
  ),
  event_alert_firing: event(
    'gauge',
    ['alert', 'severity'],
    'What is wrong with the bus of events of this process: 1 for each of its alerts.',
  ),
} as const;

function event<const T extends 'counter' | 'gauge' | 'histogram', const L extends readonly string[]>(
  type: T,
  labels: L,
  help: string,
) {
  return { type, of: 'process', labels, help } as const;
}
