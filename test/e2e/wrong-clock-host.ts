import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsIn } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
  Processor,
} from '../../src/message-queue/index.js';
import { DeadLetterService } from '../../src/message-queue/operations/index.js';
import type { EnqueueOptions, JobContext, JobEnd, JobEndListener } from '../../src/message-queue/index.js';
import { shiftClock } from '../support/shift-clock.js';

/** What a host is asked for by its parent, or that its clock is set. */
export type HostRequest =
  | { readonly clockOffsetMs: number }
  | { readonly ask: 'add'; readonly what: JobKind; readonly options?: EnqueueOptions }
  | { readonly ask: 'health' | 'letters' | 'upsert' | 'remove' };

/** What a host tells its parent: the answer to a request, that a run began, or that a job was not started in time. */
export type HostNews =
  | { readonly answer: unknown }
  | { readonly ran: string; readonly attempt: number }
  | { readonly expired: string };

const KINDS = ['succeed', 'fail once', 'fail', 'hold'] as const;
type JobKind = (typeof KINDS)[number];

class TimedDto {
  @IsIn(KINDS) what!: JobKind;
}

/** How often the schedule runs that a host makes. */
const EVERY_MS = 300;

const TIMED = defineQueue({
  name: 'timed',
  description: 'Its jobs are due at times.',
  jobs: { timed: TimedDto },
  concurrency: 2,
  attempts: 2,
  backoff: { type: 'fixed', delayMs: 1_500 },
  timeoutMs: 60_000,
  minRepeatMs: EVERY_MS,
});

const tell = (news: HostNews): void => void process.send?.(news);

@Processor(TIMED.name)
class TimedProcessor implements JobEndListener {
  @JobHandler(TIMED, 'timed')
  async run({ what }: TimedDto, { jobId, attempt, signal }: JobContext): Promise<void> {
    tell({ ran: jobId, attempt });
    if (what === 'fail' || (what === 'fail once' && attempt === 1)) throw new Error('not now');
    if (what === 'hold') await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }

  onJobEnd({ jobId, outcome }: JobEnd): void {
    if (outcome === 'expired') tell({ expired: jobId });
  }
}

@Module({
  imports: [
    MessageQueueModule.forRoot({
      provider: 'redis',
      redis: { host: '127.0.0.1', port: Number(process.argv[2]) },
      environment: 'test',
      role: process.argv[3] as 'producer' | 'both',
      builtInQueues: false,
      board: { enabled: false },
      lock: { durationMs: 2_000, stalledCheckMs: 500 },
    }),
    MessageQueueModule.registerQueue(TIMED),
  ],
  providers: [TimedProcessor],
})
class HostModule {}

async function main(): Promise<void> {
  shiftClock(Number(process.argv[4]));
  const app = await NestFactory.createApplicationContext(HostModule, {
    logger: ['warn', 'error'],
    abortOnError: false,
  });
  const service = app.get(MessageQueueService);
  const answerTo = async (request: Exclude<HostRequest, { clockOffsetMs: number }>): Promise<unknown> => {
    if (request.ask === 'add')
      return (await service.enqueue(TIMED, 'timed', { what: request.what }, request.options)).id;
    const { schedules } = service;
    if (request.ask === 'upsert')
      return schedules.upsert(TIMED, 'timed', { what: 'succeed' }, { every: EVERY_MS, key: 'often' });
    if (request.ask === 'remove') return schedules.remove(TIMED.name, 'often');
    if (request.ask === 'health') return (await service.getQueueHealth(TIMED.name)).reasons;
    return (await app.get(DeadLetterService).list()).letters.map(({ id }) => id);
  };
  process.on('message', (request: HostRequest) => {
    if ('clockOffsetMs' in request) shiftClock(request.clockOffsetMs);
    else void answerTo(request).then((answer) => tell({ answer }));
  });
  tell({ answer: 'ready' });
}

void main();
