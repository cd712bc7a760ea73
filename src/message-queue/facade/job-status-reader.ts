import { Injectable } from '@nestjs/common';
import type { Job } from 'bull';
import { ManagedQueues } from '../broker/managed-queues.js';
import { HandlerRegistry } from '../handlers/handler-registry.js';
import { JobNotFoundError } from '../jobs/errors.js';
import { answerOf } from './broker-answer.js';
import { checkedId } from './call-arguments.js';
import { statusOf } from './job-status.js';
import type { JobStatus } from './job-status.js';

/** Job and state are two questions to the broker, asked again while the job moves in between: more often than any job moves in a row. */
const MOST_LOOKS = 100;

/** Tells how single jobs are doing. */
@Injectable()
export class JobStatusReader {
  constructor(
    private readonly queues: ManagedQueues,
    private readonly handlers: HandlerRegistry,
  ) {}

  /** Bull's job, or null. @throws UnknownQueueError; BrokerUnavailableError when the broker does not answer within 2 s */
  async job(queueName: string, jobId: string): Promise<Job | null> {
    const managed = this.queues.get(queueName);
    const id = checkedId(jobId, 'jobId', queueName);
    return answerOf(managed, `job "${id}"`, managed.queue.getJob(id));
  }

  /**
   * The job and its state at one moment.
   * @throws UnknownQueueError; JobNotFoundError; BrokerUnavailableError when the broker does not answer within 2 s
   */
  async read(queueName: string, jobId: string): Promise<JobStatus> {
    const id = checkedId(jobId, 'jobId', queueName);
    return answerOf(this.queues.get(queueName), `job "${id}"`, this.#look(queueName, id));
  }

  async #look(queueName: string, jobId: string): Promise<JobStatus> {
    let job = await this.#find(queueName, jobId);
    let state = await job.getState();
    for (let looks = 1; looks < MOST_LOOKS; looks++) {
      const now = await this.#find(queueName, jobId);
      if (momentOf(now) === momentOf(job)) break;
      job = now;
      state = await job.getState();
    }
    return statusOf(queueName, job, state, this.handlers.handlerOf(queueName, job.name)?.options.attempts);
  }

  async #find(queue: string, jobId: string): Promise<Job> {
    const job = await this.queues.get(queue).queue.getJob(jobId);
    if (job !== null) return job;
    throw new JobNotFoundError(`Queue "${queue}" has no job "${jobId}" (any more).`, { queue, jobId });
  }
}

/** What of a job changes whenever its state does. */
function momentOf(job: Job): string {
  const { attemptsMade, processedOn, finishedOn, delay } = job as Job & { readonly delay?: number };
  return [attemptsMade, processedOn, finishedOn, delay].join();
}
