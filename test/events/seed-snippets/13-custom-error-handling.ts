import { EventListener, OnEvent } from 'nestjs-message-queue/buffered-events';
import type { UserProcessEvent } from './user-process.event.js';

@EventListener()
export class RobustEventHandler {
  @OnEvent('user.process')
  async handleUserProcess(event: UserProcessEvent) {
    try {
      await this.processUser(event.payload);
    } catch (error) {
      // Log error for monitoring
      console.error('User processing failed:', error);
      
      // The retry system will automatically handle retries
      // You can also emit a compensation event if needed
      throw error; // Re-throw to trigger retry
    }
  }
}
