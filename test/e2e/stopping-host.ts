import 'reflect-metadata';
import { Processor } from '@nestjs/bull';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsString } from 'class-validator';
import {
  defineQueue,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { MessageQueueOptions } from '../../src/message-queue/index.js';

/** A host's program that is told to stop. */
export interface StoppingHostPlan {
  readonly redis: MessageQueueOptions['redis'];
  readonly role: NonNullable<MessageQueueOptions['role']>;
  /** Whether a signal ends it as Nest's shutdown hooks do, or `app.close()` leaves it to end by itself. */
  readonly ends: 'by-signal' | 'by-itself';
  /** Whether it adds jobs all the time. */
  readonly adds: boolean;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as StoppingHostPlan;

class NoteDto {
  @IsString()
  text!: string;
}

const NOTES = defineQueue({
  name: 'notes',
  description: 'Jobs of a test.',
  jobs: { note: NoteDto },
  concurrency: 5,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 100 },
  timeoutMs: 30_000,
});

@Processor(NOTES.name)
class NoteProcessor {
  @JobHandler(NOTES, 'note')
  note(): void {
    say('ran');
  }
}

@Module({
  imports: [
    MessageQueueModule.forRoot({
      provider: 'redis',
      redis: plan.redis,
      role: plan.role,
      shutdownTimeoutMs: 20_000,
    }),
    MessageQueueModule.registerQueue(NOTES),
  ],
  providers: [NoteProcessor],
})
class StoppingHost {}

/** Says `signals` when it can be stopped, `started`, `ran` for each job, and how it stopped. */
async function main(): Promise<void> {
  const app = await NestFactory.create(StoppingHost, { logger: ['fatal'] });
  let adding: NodeJS.Timeout | undefined;
  if (plan.ends === 'by-signal') app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
  else {
    process.on('SIGTERM', () => {
      clearInterval(adding);
      void app.close().then(() => say('closed'));
    });
  }
  say('signals');
  await app.listen(0, '127.0.0.1');
  const service = app.get(MessageQueueService);
  const add = (): void => void service.enqueue(NOTES, 'note', { text: 'a' }).catch(() => undefined);
  if (plan.adds) adding = setInterval(add, 20);
  add();
  say('started');
}

function say(word: string): void {
  process.stdout.write(`${word}\n`);
}

void main();
