import { Processor } from '@nestjs/bull';
import { IsString } from 'class-validator';
import type { Job } from 'bull';
import { RepeatedLines } from '../../../src/kernel/logging/repeated-lines.js';
import { TEXT_LEFT_OUT } from '../../../src/kernel/logging/error-text.js';
import { SystemClock } from '../../../src/kernel/time/clock.js';
import { JobMiddlewareStack } from '../../../src/message-queue/execution/job-middleware.js';
import { JobExecutor } from '../../../src/message-queue/execution/job-executor.js';
import { HandlerRegistry } from '../../../src/message-queue/handlers/handler-registry.js';
import { JobHandler } from '../../../src/message-queue/handlers/job-handler.decorator.js';
import { JobEnds } from '../../../src/message-queue/jobs/events/job-end.js';
import { JobEvents } from '../../../src/message-queue/jobs/events/job-events.js';
import { CancelledError } from '../../../src/message-queue/jobs/errors.js';
import { recordOf } from '../../../src/message-queue/jobs/managed-job.js';
import { defineQueue } from '../../../src/message-queue/jobs/queue-definition.js';
import type { TakenJob } from '../../../src/message-queue/jobs/taken-job.js';
import { waitUntil } from '../../support/wait-until.js';
import type { BrokerCase } from './broker-bench.js';

const SECRET = 'meet me at the Fernsehturm';

class LetterDto {
  @IsString()
  text!: string;
}

const LETTERS = defineQueue({
  name: 'letters',
  description: 'Jobs that carry content.',
  jobs: { job: LetterDto },
  sealed: true,
  concurrency: 1,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 5_000,
});

@Processor('letters')
class LettersProcessor {
  @JobHandler('job')
  post({ text }: LetterDto): never {
    throw new TypeError(`The provider refused "${text.toUpperCase()}".`, { cause: new Error(text) });
  }
}

/** What runs the jobs of {@link LETTERS} in an app. */
function lettersExecutor(): JobExecutor {
  const handlers = new HandlerRegistry();
  const source = { type: LettersProcessor, instance: new LettersProcessor(), scoped: false, module: 'M' };
  handlers.load([source], { definitions: [LETTERS] });
  const clock = new SystemClock();
  const events = new JobEvents();
  const quiet = { log: () => undefined, warn: () => undefined, error: () => undefined };
  return new JobExecutor({
    ...{ handlers, events, clock, ends: new JobEnds(events, clock), logger: quiet },
    ...{ middleware: new JobMiddlewareStack(), lines: new RepeatedLines(clock, 0) },
    ...{ maxCrashes: 5, abortGraceMs: 5_000 },
  });
}

/** All that a job and its queue's listeners say beside its payload. */
function saidOf(job: Job | null, heard: readonly unknown[]): string {
  const { failedReason, stacktrace, opts, returnvalue } = job ?? {};
  return JSON.stringify([failedReason, stacktrace, opts, returnvalue, heard]);
}

/** What is stored and told of a failure whose text may quote content. */
export const privacyCases: readonly BrokerCase[] = [
  [
    'stores of a failure of a sealed queue, and tells its listeners, what quotes nothing of the payload',
    async (bench) => {
      const queue = bench.open(LETTERS);
      const [told, reasons]: [unknown[], unknown[]] = [[], []];
      queue.on('failed', (_job, { name, message, stack, cause }: Error) =>
        told.push([name, message, stack, cause]),
      );
      queue.on('global:failed', (_id, reason: unknown) => reasons.push(reason));
      const executor = lettersExecutor();
      await bench.work(queue, (taken) => executor.run(taken, LETTERS));
      const id = await bench.add(queue, { data: { text: SECRET } });
      await bench.untilState(queue, id, 'failed');
      await waitUntil(() => told.length === 1 && reasons.length === 1, 'the events');
      const job = await queue.getJob(id);
      expect(job?.failedReason).toBe('The provider refused "[content]".');
      expect(job?.stacktrace[0]).toMatch(
        /^TypeError: The provider refused "\[content\]"\.\nat .*privacy\.cases/,
      );
      expect(told).toEqual([['TypeError', job?.failedReason, expect.stringMatching(/\n {4}at /), undefined]]);
      expect(saidOf(job, [told, reasons])).not.toMatch(/fernsehturm/i);
    },
  ],
  [
    'leaves the text out when a run of a sealed queue breaks outside of its executor',
    async (bench) => {
      const queue = bench.open({ ...LETTERS, name: 'broken-letters' });
      const heard: unknown[] = [];
      queue.on('failed', (_job, error: Error) => heard.push(error.message));
      await bench.work(queue, ({ job }: TakenJob) => {
        throw new TypeError(`broken by ${(job.data as LetterDto).text}`);
      });
      const id = await bench.add(queue, { data: { text: SECRET }, options: { attempts: 1 } });
      await bench.untilState(queue, id, 'failed');
      await waitUntil(() => heard.length === 1, 'the event');
      const job = await queue.getJob(id);
      expect(job?.failedReason).toBe(TEXT_LEFT_OUT);
      expect(job?.stacktrace[0]).toMatch(/^TypeError: \[text left out\]\nat /);
      expect(saidOf(job, heard)).not.toMatch(/fernsehturm/i);
    },
  ],
  [
    'keeps no control character of a reason to cancel, nor of our errors',
    async (bench) => {
      const reason = 'left\r\nFORGED\u001b[2J\u2028\u202e';
      const shown = String.raw`left\u000d\u000aFORGED\u001b[2J\u2028\u202e`;
      const queue = bench.open();
      const id = await bench.add(queue);
      expect(await bench.broker.cancel(queue, id, reason)).toBe('removed');
      const job = await queue.getJob(id);
      expect(job?.failedReason).toBe(`The job was cancelled: ${shown}`);
      expect(job && recordOf(job).cancelled?.reason).toBe(shown);
      expect(new CancelledError(reason, { queue: 'q' })).toMatchObject({
        reason: shown,
        message: job?.failedReason,
      });
    },
  ],
];
