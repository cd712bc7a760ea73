import type { Queue } from 'bullmq';
import type { MessageQueueService } from 'nestjs-message-queue';
import { MAIL } from './mail.js';
import type { MailJobDto } from './mail.js';

const PAGE = 500;

/**
 * Moves the jobs that wait in BullMQ. Run it once no BullMQ worker and no producer of the old queue is left. It is safe to
 * run again after a crash: thanks to the key, a job that has already been moved is not added twice.
 * @returns the number of jobs moved
 */
export async function moveWaitingJobs(old: Queue<MailJobDto>, queue: MessageQueueService): Promise<number> {
  let moved = 0;
  for (;;) {
    const jobs = await old.getJobs(['waiting', 'prioritized', 'delayed'], 0, PAGE - 1, true);
    if (jobs.length === 0) return moved;
    for (const job of jobs) {
      const delay = Math.max(0, job.timestamp + (job.opts.delay ?? 0) - Date.now());
      await queue.enqueue(MAIL, 'send-mail', job.data, { idempotencyKey: `bullmq:${job.id}`, delay });
      await job.remove();
      moved += 1;
    }
  }
}
