import { EventListener, OnEvent } from 'nestjs-message-queue/buffered-events';
import { UserRegisteredEvent } from './02-create-events.js';

@EventListener()
export class UserEventHandler {
  @OnEvent('user.registered')
  async handleUserRegistered(event: UserRegisteredEvent) {
    console.log(`Processing user registration for ${event.email}`);
    
    // Your business logic here
    await this.sendWelcomeEmail(event.email);
    await this.createUserProfile(event.userId);
    
    console.log(`User ${event.userId} processed successfully`);
  }
  
  private async sendWelcomeEmail(email: string) {
    // Email sending logic
  }
  
  private async createUserProfile(userId: string) {
    // Profile creation logic
  }
}
