import { look } from '../route.js';
import type { Route } from '../route.js';
import { ALERT_ROUTES } from './alert-routes.js';
import { EVENT_ROUTES } from './event-routes.js';
import { FLEET_ROUTES } from './fleet-routes.js';
import { JOB_ROUTES } from './job-routes.js';
import { LETTER_ROUTES } from './letter-routes.js';
import { OPERATION_ROUTES } from './operation-routes.js';
import { QUEUE_ROUTES } from './queue-routes.js';
import { SCHEDULE_ROUTES } from './schedule-routes.js';
import { SUMMARY_ROUTES } from './summary-routes.js';
import { open } from '../schemas/schema.js';

/** Every route below where REST is. A path that stands here is answered here; the host's own routes get all others. */
export const ROUTES: readonly Route[] = [
  ...SUMMARY_ROUTES,
  ...ofFleet(FLEET_ROUTES),
  ...ofFleet(QUEUE_ROUTES),
  ...ofFleet(JOB_ROUTES),
  ...ofFleet(LETTER_ROUTES),
  ...ofFleet(SCHEDULE_ROUTES),
  ...ALERT_ROUTES,
  ...EVENT_ROUTES,
  ...OPERATION_ROUTES,
  look('openapi.json', {
    about: 'This description.',
    answer: open({ openapi: { const: '3.1.0' }, info: open({}), paths: open({}) }),
    handle: (_asked, { openApi }) => openApi(),
  }),
];

/** Routes about queues that this process need not have registered: which there are is asked first. */
function ofFleet(routes: readonly Route[]): readonly Route[] {
  return routes.map((route) => ({
    ...route,
    handle: async (asked, services): Promise<unknown> => {
      await services.queues.refresh();
      return route.handle(asked, services);
    },
  }));
}
