import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { BufferedEventsModule, defaultBufferedEventConfig } from 'nestjs-message-queue/buffered-events';

@Module({
  imports: [
    BufferedEventsModule.forRoot({
      ...defaultBufferedEventConfig,
      workerCount: 2,
      retryAttempts: 1,
      retryDelays: [50],
      // In ES modules: new URL('./user-events.module.js', import.meta.url)
      threads: { module: join(__dirname, 'user-events.module.js') },
    }),
  ],
})
export class AppModule {}
