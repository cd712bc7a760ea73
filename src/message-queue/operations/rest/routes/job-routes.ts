import { isSealed } from '../../../jobs/sealing/payload-seal.js';
import { JobNotFoundError } from '../../../jobs/errors.js';
import { LISTED_STATES } from '../../../finding/job-stream.js';
import type { JobStory } from '../../../finding/job-story.js';
import type { JobDetail } from '../answers.js';
import { ConflictError } from '../request-errors.js';
import type { RestServices } from '../rest-services.js';
import { act, look, remove } from '../route.js';
import type { Route } from '../route.js';
import { object, ref, TEXT, words } from '../schemas/schema.js';
import { idParam, textParam, wordParam } from '../shape.js';
import { toJson } from '../to-json.js';
import { CURSOR, LIMIT } from './paging.js';
import { REASON, reasonCode } from './reason.js';

interface Done {
  readonly queue: string;
  readonly id: string;
  readonly outcome: string;
}

const NO_REASON = 'Cancelled by an operator.';

const QUERY = {
  queue: textParam('One queue. Default: all.', 1_000),
  state: wordParam(
    'One state. Default: all. Of expired jobs only one can be found, by its id.',
    ...LISTED_STATES,
    'expired',
  ),
  name: textParam('Name of the job.'),
  id: idParam('The exact id: looked up in each queue.'),
  q: textParam(
    'A text in the payload, the error, the name or an id; or a condition on a field of the payload, such as `user.id = 42`. Sealed payloads are not searched.',
    1_000,
  ),
  limit: LIMIT,
  cursor: CURSOR,
};

/** Single jobs: found, shown, cancelled, retried, removed. */
export const JOB_ROUTES: readonly Route[] = [
  look('jobs', {
    about:
      'Jobs, the newest first. One call looks at 2 000 at most, or for 300 ms, and says how far it came.',
    query: QUERY,
    answer: ref('JobList'),
    handle: async ({ query }, { search, seen, view }) => {
      const found = await search.find(query, seen);
      return {
        ...found,
        jobs: found.jobs.map((job) => ({ ...job, error: job.error && view.errorText(job, job.error) })),
      };
    },
  }),
  look('jobs/:queue/:id', {
    about: 'All that is known of one job.',
    answer: ref('JobDetail'),
    handle: async ({ params: { queue = '', id = '' } }, services) =>
      detailOf(await services.stories.of(queue, id), services),
  }),
  act('jobs/:queue/:id/cancel', {
    about: 'One that waits is not run; one that runs is aborted, in whichever process.',
    body: { reason: REASON },
    answer: object<Done>({ queue: TEXT, id: TEXT, outcome: words('removed', 'signalled') }),
    handle: async ({ params: { queue = '', id = '' }, body, by }, { administration }) => {
      const call = { by: by.name, reason: reasonCode(body.reason, false) };
      const outcome = await administration.cancel(queue, id, body.reason ?? NO_REASON, call);
      const place = { queue, jobId: id };
      if (outcome === 'not-found')
        throw new JobNotFoundError(`Queue "${queue}" has no job "${id}" (any more).`, place);
      if (outcome === 'finished')
        throw new ConflictError(`Job "${id}" of queue "${queue}" has ended already.`, place);
      return { queue, id, outcome } satisfies Done;
    },
  }),
  act('jobs/:queue/:id/retry', {
    about: 'Puts a dead letter back to waiting, with all its attempts.',
    body: { reason: REASON },
    answer: object<Done>({ queue: TEXT, id: TEXT, outcome: words('replayed') }),
    handle: async ({ params: { queue = '', id = '' }, body, by }, { letters }) => {
      await letters.replay(queue, id, by.name, reasonCode(body.reason, false));
      return { queue, id, outcome: 'replayed' } satisfies Done;
    },
  }),
  remove('jobs/:queue/:id', {
    about: 'Removes a job that does not run, for good.',
    body: { reason: REASON },
    answer: object<Done>({ queue: TEXT, id: TEXT, outcome: words('removed') }),
    handle: async ({ params: { queue = '', id = '' }, body, by }, services) => {
      await removeJob(queue, id, { by: by.name, reason: reasonCode(body.reason, false) }, services);
      return { queue, id, outcome: 'removed' } satisfies Done;
    },
  }),
];

async function removeJob(
  queue: string,
  id: string,
  call: { readonly by: string; readonly reason: string | undefined },
  { stories, audit, letters }: RestServices,
): Promise<void> {
  const { job, found } = await stories.of(queue, id);
  if (found.state === 'active') {
    throw new ConflictError(`Job "${id}" of queue "${queue}" runs: cancel it first.`, { queue, jobId: id });
  }
  if (found.state === 'failed') await letters.discard(queue, id, call);
  else await audit.audited({ ...call, action: 'discard', queues: [queue], jobId: id }, () => job.remove());
}

/** What is shown of a payload and what came of it is what the board shows. */
function detailOf(story: JobStory, { view, queues }: RestServices): JobDetail {
  const { found, job, runs, replays, cancelled, ...known } = story;
  const shown = view.of(job.toJSON(), queues.get(found.queue).definition);
  const returned: unknown = job.returnvalue;
  const seenText = (text: string): string =>
    view.errorText({ queue: found.queue, job: found.job, id: found.id }, text);
  return {
    ...toJson({ ...found, error: found.error && seenText(found.error) }),
    ...known,
    payload: known.isSealed ? null : (shown.data ?? null),
    result: isSealed(returned) ? null : (shown.returnvalue ?? null),
    progress: shown.progress,
    runs: toJson(runs.map((run) => ({ ...run, text: run.text && seenText(run.text) }))),
    replays: replays.map(({ at, by }) => ({ at: new Date(at).toISOString(), by })),
    cancelled: toJson(cancelled),
  };
}
