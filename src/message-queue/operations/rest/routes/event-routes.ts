import { hostname } from 'node:os';
import { escaped } from '../../../../kernel/logging/printable.js';
import type { MonitoredEvents } from '../../../../kernel/monitored/monitored-events.js';
import type { EventLettersChanged, EventsDetail, EventsState } from '../event-answers.js';
import { ConflictError } from '../request-errors.js';
import type { RestServices } from '../rest-services.js';
import { act, look } from '../route.js';
import type { Route } from '../route.js';
import { ref } from '../schemas/schema.js';
import { textsParam } from '../shape.js';
import { REASON, reasonCode } from './reason.js';

/** Letters that a list shows. */
const MOST_LETTERS = 100;
const IDS = textsParam('Ids of letters. Default: all.');

/** The bus of events of the process that answers. */
export const EVENT_ROUTES: readonly Route[] = [
  look('events', {
    about:
      'The bus of events of the process that answers, its newest dead letters included; null without one.',
    answer: ref('EventsDetail'),
    handle: (_asked, { events, now }) => {
      const bus = events();
      return {
        at: timeText(now()),
        process: { host: escaped(hostname()), pid: process.pid },
        events: bus === null ? null : stateOf(bus),
        deadLetters: bus === null ? [] : lettersOf(bus),
      } satisfies EventsDetail;
    },
  }),
  act('events/dead-letters/replay', {
    about: 'Puts dead letters of events back, as if they had never failed; those that find no room stay.',
    body: { ids: IDS, reason: REASON },
    answer: ref('EventLettersChanged'),
    handle: async ({ body }, services) => {
      reasonCode(body.reason, false);
      return { changed: await busOf(services).replay(body.ids) } satisfies EventLettersChanged;
    },
  }),
  act('events/dead-letters/discard', {
    about: 'Throws dead letters of events away, for good.',
    body: { ids: IDS, reason: REASON },
    answer: ref('EventLettersChanged'),
    handle: async ({ body }, services) => {
      reasonCode(body.reason, true);
      return { changed: await busOf(services).discard(body.ids) } satisfies EventLettersChanged;
    },
  }),
];

function stateOf(bus: MonitoredEvents): EventsState {
  const { waits: _waits, runs: _runs, alerts, ...state } = bus.read();
  return { ...state, alerts: alerts.map((alert) => ({ ...alert, since: timeText(alert.since) })) };
}

/** Types and names of errors come from code, and may hold anything. */
function lettersOf(bus: MonitoredEvents): EventsDetail['deadLetters'] {
  return bus.deadLetters(MOST_LETTERS).map(({ type, error, at, ...letter }) => {
    return { ...letter, type: escaped(type), error: escaped(error), at: timeText(at) };
  });
}

function busOf({ events }: RestServices): MonitoredEvents {
  const bus = events();
  if (bus !== null) return bus;
  throw new ConflictError('This app has no bus of events.');
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
