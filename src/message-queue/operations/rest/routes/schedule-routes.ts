import { ScheduleNotFoundError } from '../../../jobs/errors.js';
import type { EnqueuedJob, ScheduleList } from '../answers.js';
import type { RestServices } from '../rest-services.js';
import { act, look, Reply } from '../route.js';
import type { Route } from '../route.js';
import { ref } from '../schemas/schema.js';
import { textParam } from '../shape.js';
import { toJson } from '../to-json.js';

/** Schedules: listed, run at once, stopped and started. `:id` is `<queue>|<key>`. */
export const SCHEDULE_ROUTES: readonly Route[] = [
  look('schedules', {
    about: 'What runs again and again: when it ran, and when it does next.',
    query: { queue: textParam('One queue. Default: all.', 1_000) },
    answer: ref('ScheduleList'),
    handle: async ({ query }, { schedules }) => {
      return { schedules: toJson(await schedules.list(query.queue)) } satisfies ScheduleList;
    },
  }),
  act('schedules/:id/run', {
    about: 'Adds a job like those of its runs at once; its plan stays.',
    body: {},
    answers: { 202: ref('EnqueuedJob') },
    handle: async ({ params }, services) => {
      const { queue, key } = placeOf(params, services);
      const { id: messageId, deduplicated } = await services.schedules.runNow(queue, key);
      return new Reply(202, { messageId, queueName: queue, deduplicated } satisfies EnqueuedJob);
    },
  }),
  act('schedules/:id/pause', {
    about: 'No run begins until it is resumed.',
    body: {},
    answer: ref('Schedule'),
    handle: async ({ params }, services) => {
      const { queue, key } = placeOf(params, services);
      return toJson(await services.schedules.pause(queue, key));
    },
  }),
  act('schedules/:id/resume', {
    about: 'Runs begin again, the next one at its time.',
    body: {},
    answer: ref('Schedule'),
    handle: async ({ params }, services) => {
      const { queue, key } = placeOf(params, services);
      return toJson(await services.schedules.resume(queue, key));
    },
  }),
];

/** Names of queues and keys may hold a bar too: the longest queue that fits is meant. */
function placeOf(
  { id = '' }: Readonly<Record<string, string>>,
  { queues }: RestServices,
): { readonly queue: string; readonly key: string } {
  const fitting = queues.names().filter((name) => id.startsWith(`${name}|`));
  const [queue] = fitting.sort((a, b) => b.length - a.length);
  if (queue !== undefined) return { queue, key: id.slice(queue.length + 1) };
  throw new ScheduleNotFoundError(`"${id}" is the id of no schedule; it is "<queue>|<key>".`);
}
