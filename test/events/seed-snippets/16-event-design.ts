import type { IEvent } from 'nestjs-message-queue/buffered-events';

// Good: Small, focused event
export class OrderCreatedEvent implements IEvent {
  readonly type = 'order.created';
  
  constructor(
    public readonly orderId: string,
    public readonly customerId: string,
    public readonly amount: number,
    public correlationId?: string
  ) {}
  
  get payload() {
    return {
      orderId: this.orderId,
      customerId: this.customerId,
      amount: this.amount
    };
  }
}
