import { EventListener, OnEvent } from 'nestjs-message-queue/buffered-events';
import { UserRegisteredEvent } from './02-create-events.js';

@EventListener()
export class UserEventHandler {
  @OnEvent('user.registered')
  async handleUserRegistered(event: UserRegisteredEvent) {
    // Same handler code works for both systems
  }
}
