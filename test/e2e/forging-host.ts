import 'reflect-metadata';
import { Processor } from '@nestjs/bull';
import type { IncomingMessage, Server } from 'node:http';
import { Body, ConsoleLogger, Controller, Get, Headers, Logger, Module, Param, Post } from '@nestjs/common';
import type { CallHandler, ExecutionContext, INestApplication, NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { IsString } from 'class-validator';
import { AppModule } from '../../src/app.module.js';
import { People } from '../../src/chat/sign-in/people/people.js';
import { Sessions } from '../../src/chat/sign-in/sessions.js';
import { Public } from '../../src/chat/sign-in/signed-in.guard.js';
import {
  defineQueue,
  JobEvents,
  JobHandler,
  MessageQueueModule,
  MessageQueueService,
} from '../../src/message-queue/index.js';
import type { JobContext } from '../../src/message-queue/index.js';
import { printableLogger } from '../../src/message-queue/operations/index.js';

class NoteDto {
  @IsString()
  text!: string;
}

const NOTES = defineQueue({
  name: 'notes',
  description: 'Jobs that log and quote what they are given.',
  jobs: { write: NoteDto },
  concurrency: 1,
  attempts: 1,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 5_000,
});

@Processor('notes')
class NotesProcessor {
  @JobHandler(NOTES, 'write')
  write({ text }: NoteDto, { logger }: JobContext): never {
    logger.log(text);
    logger.warn({ event: 'note', inner: [{ text }] });
    throw Object.assign(new Error(`Refused: ${text}`), { name: text });
  }
}

/** The reference app, with routes that log, throw and add what they are sent. */
@Public()
@Controller('attack')
class AttackController {
  private readonly logger = new Logger('Attack');

  constructor(private readonly messageQueue: MessageQueueService) {}

  @Post('job')
  async job(@Body('text') text: string, @Headers('x-correlation') correlation: string): Promise<void> {
    const correlationId = decodeURIComponent(correlation);
    await this.messageQueue.enqueue(NOTES, 'write', { text }, { correlationId });
  }

  @Post('error')
  error(@Body('text') text: string): never {
    this.logger.warn(text, { text });
    throw new Error(text);
  }

  @Get('job/:id')
  async status(@Param('id') id: string): Promise<unknown> {
    return this.messageQueue.cancelJob('notes', id, id);
  }
}

/** Logs what it is sent, before anybody has looked at it. */
class BodyLog implements NestInterceptor {
  private readonly logger = new Logger('Body');

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() === 'http') {
      const { body } = context.switchToHttp().getRequest<{ readonly body?: object }>();
      this.logger.log(Object.values(body ?? {}).join(' '));
    }
    return next.handle();
  }
}

@Module({
  imports: [
    AppModule.register({ environment: 'development', provider: 'memory' }),
    MessageQueueModule.registerQueue(NOTES),
  ],
  providers: [NotesProcessor, { provide: APP_INTERCEPTOR, useClass: BodyLog }],
  controllers: [AttackController],
})
class ForgingHost {}

async function main(): Promise<void> {
  const logger = printableLogger(new ConsoleLogger({ colors: false }));
  const app: INestApplication<Server> = await NestFactory.create(ForgingHost, { logger });
  const events = app.get(JobEvents);
  events.on('failed', ({ error }) => {
    throw error;
  });
  await app.listen(0, '127.0.0.1');
  // Socket.IO, which listens by now, passes on what is not its own.
  const access = new Logger('Access');
  app.getHttpServer().prependListener('request', ({ url: path = '' }: IncomingMessage) => {
    access.log(decodeURIComponent(path));
  });
  const url = await app.getUrl();
  const people = [app.get(People, { strict: false }).find('ada')].filter((person) => person !== undefined);
  const [cookie = ''] = app.get(Sessions, { strict: false }).open(people, new URL(url).host).split(';');
  process.stdout.write(`listens on ${url} cookie ${cookie}\n`);
}

void main();
