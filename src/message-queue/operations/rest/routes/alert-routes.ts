import type { AlertList } from '../answers.js';
import { act, look } from '../route.js';
import type { Route } from '../route.js';
import { ref } from '../schemas/schema.js';
import { needed, wholeParam } from '../shape.js';
import { toJson } from '../to-json.js';

const MINUTE_MS = 60_000;
const MOST_MINUTES = 30 * 24 * 60;

/** Alerts: listed, and muted for a while. `:id` is `<rule>`, or `<rule>|<queue>`. */
export const ALERT_ROUTES: readonly Route[] = [
  look('alerts', {
    about: 'Every alert that is or was wrong, the worst first; muted ones too.',
    answer: ref('AlertList'),
    handle: async (_asked, { alerts }) => {
      return { alerts: toJson(await alerts.list()) } satisfies AlertList;
    },
  }),
  act('alerts/:id/mute', {
    about: 'Tells nobody of it for so long; it goes on being judged and shown.',
    body: { minutes: needed(wholeParam('For how many minutes; 0 tells of it again.', 0, MOST_MINUTES)) },
    answer: ref('Alert'),
    handle: async ({ params: { id = '' }, body: { minutes }, by }, { alerts, now }) => {
      if (minutes === 0) return toJson(await alerts.unmute(id));
      return toJson(await alerts.mute(id, { until: now() + minutes * MINUTE_MS, by: by.name }));
    },
  }),
];
