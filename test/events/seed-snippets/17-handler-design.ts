import { EventListener, OnEvent } from 'nestjs-message-queue/buffered-events';
import { OrderCreatedEvent } from './16-event-design.js';

@EventListener()
export class OrderEventHandler {
  @OnEvent('order.created')
  async handleOrderCreated(event: OrderCreatedEvent) {
    const { orderId, customerId, amount } = event.payload;
    
    try {
      // Idempotent operation - safe to retry
      await this.inventoryService.reserveItems(orderId);
      await this.paymentService.processPayment(orderId, amount);
      await this.notificationService.sendConfirmation(customerId);
      
      console.log(`Order ${orderId} processed successfully`);
    } catch (error) {
      console.error(`Failed to process order ${orderId}:`, error);
      throw error; // Let retry system handle it
    }
  }
}
