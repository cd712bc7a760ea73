import type { IEvent } from 'nestjs-message-queue/buffered-events';

export class UserRegisteredEvent implements IEvent<'user.registered', { userId: string; email: string }> {
  readonly type = 'user.registered';

  constructor(
    readonly userId: string,
    readonly email: string,
    readonly correlationId?: string,
  ) {}

  get payload(): { userId: string; email: string } {
    return { userId: this.userId, email: this.email };
  }
}
