// The basics, as a program: npm run build && node dist/examples/events/buffered-event-example.js
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { BufferedEventBusService } from 'nestjs-message-queue/buffered-events';
import { AppModule } from './app.module.js';
import { UserRegisteredEvent } from './user-registered.event.js';

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['log', 'warn', 'error'] });
  const bus = app.get(BufferedEventBusService);

  // Resolves when the event is stored, not when it is handled.
  const id = await bus.emitEvent(
    'user.registered',
    { userId: '1', email: 'ada@example.org' },
    { priority: 'critical' },
  );
  console.log(`Emitted ${id}`);
  await bus.emit(new UserRegisteredEvent('2', 'grace@example.org', 'request-7'));

  // Closing drains what waits, for at most gracefulShutdownTimeout.
  await app.close();
  const { queueMetrics } = bus.getMetrics();
  console.log(`Handled ${queueMetrics.totalProcessed} of ${queueMetrics.totalEmitted}`);
}

void main();
