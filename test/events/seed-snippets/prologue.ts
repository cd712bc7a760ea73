import { UserService } from './04-emit-events.js';
import { RobustEventHandler } from './13-custom-error-handling.js';
import { OrderEventHandler } from './17-handler-design.js';
import type { UserProcessEvent } from './user-process.event.js';

/** What the seed's snippets use and do not declare: the host's own names. */
export const userId = 'u-23';
export const email = 'ada@example.org';

declare module './04-emit-events.js' {
  interface UserService {
    createUser(userData: {
      readonly email: string;
    }): Promise<{ readonly id: string; readonly email: string }>;
  }
}

declare module './13-custom-error-handling.js' {
  interface RobustEventHandler {
    processUser(payload: UserProcessEvent['payload']): Promise<void>;
  }
}

declare module './17-handler-design.js' {
  interface OrderEventHandler {
    inventoryService: { reserveItems(orderId: string): Promise<void> };
    paymentService: { processPayment(orderId: string, amount: number): Promise<void> };
    notificationService: { sendConfirmation(customerId: string): Promise<void> };
  }
}

UserService.prototype.createUser = async ({ email: address }) => ({ id: 'u-4', email: address });

RobustEventHandler.prototype.processUser = async ({ userId: id }) => {
  if (id === 'broken') throw new Error('this user cannot be processed');
  if (id === 'whole') console.log('User whole processed');
};

OrderEventHandler.prototype.inventoryService = { reserveItems: async () => undefined };
OrderEventHandler.prototype.paymentService = { processPayment: async () => undefined };
OrderEventHandler.prototype.notificationService = { sendConfirmation: async () => undefined };
