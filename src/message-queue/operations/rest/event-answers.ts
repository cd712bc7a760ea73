import type {
  EventsReading,
  MonitoredAlert,
  MonitoredLetter,
} from '../../../kernel/monitored/monitored-events.js';

/** One thing that is wrong with the bus of events. */
export interface EventsAlertRow extends Omit<MonitoredAlert, 'since'> {
  readonly since: string;
}

/** The bus of events of the process that answers. */
export interface EventsState extends Omit<EventsReading, 'alerts' | 'waits' | 'runs'> {
  readonly alerts: readonly EventsAlertRow[];
}

/** A dead letter of it: its content is not shown. */
export interface EventLetterRow extends Omit<MonitoredLetter, 'at'> {
  readonly at: string;
}

/** `GET events`. */
export interface EventsDetail {
  readonly at: string;
  /** Who answers: each process has a bus of its own. */
  readonly process: { readonly host: string; readonly pid: number };
  /** Null: this app has no bus of events. */
  readonly events: EventsState | null;
  /** The newest first, at most 100. */
  readonly deadLetters: readonly EventLetterRow[];
}

/** A change of dead letters of events. */
export interface EventLettersChanged {
  readonly changed: number;
}
