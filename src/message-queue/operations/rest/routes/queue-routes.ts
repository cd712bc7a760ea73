import { isRecord } from '../../../../kernel/values/kinds.js';
import { announcedJob } from '../../../facade/announced-job.js';
import type { AnnouncedQueue } from '../../../broker/activity-store.js';
import { UnknownJobNameError } from '../../../jobs/errors.js';
import { didYouMean } from '../../../../kernel/values/did-you-mean.js';
import type { MessageQueueService } from '../../../message-queue.service.js';
import { correlationOfRequest } from '../../../telemetry/logs/request-correlation.js';
import type { EnqueuedJob } from '../answers.js';
import { InvalidRequestError } from '../request-errors.js';
import type { RestServices } from '../rest-services.js';
import { act, Reply } from '../route.js';
import type { Route } from '../route.js';
import { FLAG, object, ref, TEXT } from '../schemas/schema.js';
import { anyParam, idParam, needed, textParam, wholeParam } from '../shape.js';
import { REASON, reasonCode } from './reason.js';

type EnqueueOptions = NonNullable<Parameters<MessageQueueService['enqueue']>[3]>;

const PAUSED = object<{ queue: string; isPaused: boolean }>({ queue: TEXT, isPaused: FLAG });
const WHY = { reason: REASON };

const JOB = {
  payload: needed(anyParam('Of the job: what its class says is checked.')),
  jobId: idParam('An id of your own: the same id adds once.'),
  priority: wholeParam('1 to 10, 10 first. Default: that of the queue.', 1, 10),
  delay: wholeParam('Milliseconds until it may start.', 0),
  idempotencyKey: textParam('The same key adds once; the header `Idempotency-Key` does too.', 500),
};

/** Queues: stopped and started, and given jobs. */
export const QUEUE_ROUTES: readonly Route[] = [
  act('queues/:queue/pause', {
    about: 'No worker starts jobs of the queue until it is resumed; those that run go on.',
    body: WHY,
    answer: PAUSED,
    handle: async ({ params: { queue = '' }, body, by }, { administration }) => {
      await administration.pause(queue, { by: by.name, reason: reasonCode(body.reason, false) });
      return { queue, isPaused: true };
    },
  }),
  act('queues/:queue/resume', {
    about: 'Lets workers start jobs of the queue again.',
    body: WHY,
    answer: PAUSED,
    handle: async ({ params: { queue = '' }, body, by }, { administration }) => {
      await administration.resume(queue, { by: by.name, reason: reasonCode(body.reason, false) });
      return { queue, isPaused: false };
    },
  }),
  act('enqueue/:queue/:job', {
    about:
      'Adds a job, checked as `enqueue` checks it. The payload of a queue that this process has not registered is checked by the worker that runs it.',
    body: JOB,
    answers: { 202: ref('EnqueuedJob') },
    handle: async ({ params: { queue = '', job = '' }, body, header }, services) => {
      const { messageQueue, queues } = services;
      const { definition } = queues.get(queue);
      const announced = queues.announcedAs(queue);
      if (!Object.hasOwn(definition.jobs, job)) {
        const names = Object.keys(definition.jobs);
        const message = `Queue "${queue}" has no job "${job}".${didYouMean(job, names)} It has: ${names.join(', ')}.`;
        throw new UnknownJobNameError(message, { queue, job });
      }
      const { payload, ...given } = body;
      const options = { ...given, ...identifiers(header, given.idempotencyKey) } as EnqueueOptions;
      if (announced !== null) {
        return new Reply(202, await addElsewhere(announced, { job, payload, options }, services));
      }
      const receipt = await messageQueue.enqueue(definition, job as never, payload as never, options);
      const { id: messageId, queue: queueName, deduplicated } = receipt;
      return new Reply(202, { messageId, queueName, deduplicated } satisfies EnqueuedJob);
    },
  }),
];

/** As the command line does it. @throws InvalidRequestError unless the payload is an object; what `announcedJob` throws */
async function addElsewhere(
  announced: AnnouncedQueue,
  given: { readonly job: string; readonly payload: unknown; readonly options: EnqueueOptions },
  { queues }: RestServices,
): Promise<EnqueuedJob> {
  const { job, payload, options } = given;
  if (!isRecord(payload)) {
    const message = 'must be an object of JSON';
    throw new InvalidRequestError('The body is wrong:', [{ path: 'payload', message }]);
  }
  const { broker, queue } = queues.get(announced.name);
  const request = announcedJob(announced, { job, payload, options, now: broker.now() });
  const { id: messageId, deduplicated } = await broker.addOnce(queue, request);
  return { messageId, queueName: announced.name, deduplicated };
}

/** What a request says of itself in its headers. */
function identifiers(
  header: (name: string) => string | undefined,
  key: string | undefined,
): Pick<EnqueueOptions, 'idempotencyKey' | 'correlationId'> {
  const idempotencyKey = key ?? header('idempotency-key');
  const correlationId = correlationOfRequest(header);
  return {
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(correlationId !== undefined && { correlationId }),
  };
}
