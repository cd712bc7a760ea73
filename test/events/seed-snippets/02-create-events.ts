import type { IEvent } from 'nestjs-message-queue/buffered-events';

export class UserRegisteredEvent implements IEvent {
  readonly type = 'user.registered';
  
  constructor(
    public readonly userId: string,
    public readonly email: string,
    public readonly timestamp: number = Date.now(),
    public correlationId?: string
  ) {}
  
  get payload() {
    return {
      userId: this.userId,
      email: this.email,
      timestamp: this.timestamp
    };
  }
}
