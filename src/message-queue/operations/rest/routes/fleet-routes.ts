import type { WorkerList } from '../answers.js';
import { look } from '../route.js';
import type { Route } from '../route.js';
import { ref } from '../schemas/schema.js';
import { textParam, wholeParam, withDefault } from '../shape.js';
import { toJson } from '../to-json.js';

const HOURS = withDefault(wholeParam('How many hours back, as many as are kept at most.', 1, 168), 6);

/** How the fleet is doing: the first page, a queue, what it did, the processes. */
export const FLEET_ROUTES: readonly Route[] = [
  look('overview', {
    about:
      'The first page of the console: alerts, six numbers, history, queues, dead letters by error, schedules.',
    query: { hours: HOURS },
    answer: ref('Overview'),
    handle: ({ query: { hours }, by }, { overviews }) => overviews.read(hours, by),
  }),
  look('queues/:queue', {
    about: 'One queue: how it is doing, by job name too, and which processes work on it.',
    answer: ref('QueueDetail'),
    handle: ({ params: { queue = '' } }, { overviews }) => overviews.queue(queue),
  }),
  look('queues/:queue/history', {
    about: 'What a queue did, step by step, all processes together.',
    query: {
      hours: HOURS,
      stepMinutes: withDefault(wholeParam('Length of a step.', 1, 60), 1),
      job: textParam('One job name. Default: all together.', 1_000),
    },
    answer: ref('QueueHistory'),
    handle: ({ params: { queue = '' }, query }, { queues, histories }) =>
      histories.read(queues.get(queue), query),
  }),
  look('workers', {
    about: 'Every process that registered queues: alive, or lost within the last 10 minutes.',
    answer: ref('WorkerList'),
    handle: async (_asked, { messageQueue }) => {
      return { workers: toJson(await messageQueue.listWorkers()) } satisfies WorkerList;
    },
  }),
];
