import { Injectable, Logger, Module } from '@nestjs/common';
import { EventListener, OnEvent } from 'nestjs-message-queue/buffered-events';
import type { EventContext } from 'nestjs-message-queue/buffered-events';
import type { UserRegisteredEvent } from './user-registered.event.js';

/** Any provider: it exists once in each thread. */
@Injectable()
export class Mailer {
  private readonly logger = new Logger(Mailer.name);

  async welcome(email: string): Promise<void> {
    if (email.endsWith('.invalid')) throw new Error('There is no such mailbox.');
    this.logger.log(`Sent a welcome to user ${email.split('@')[0]}.`);
  }
}

@EventListener()
export class UserEventHandler {
  constructor(private readonly mailer: Mailer) {}

  @OnEvent('user.registered')
  async handleUserRegistered(event: UserRegisteredEvent, { signal }: EventContext): Promise<void> {
    // Whatever takes long asks now and then whether it should go on.
    signal.throwIfAborted();
    await this.mailer.welcome(event.email);
  }

  /** Four milliseconds of work that would hold up every request, were it done in the app's own thread. */
  @OnEvent('report.requested')
  summarize(): void {
    const until = performance.now() + 4;
    while (performance.now() < until);
  }
}

/** What each worker thread boots: handlers and what they need, no controllers, no servers, never the AppModule. */
@Module({ providers: [Mailer, UserEventHandler] })
export class UserEventsModule {}
