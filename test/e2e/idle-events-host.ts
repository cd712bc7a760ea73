// A host's program with a bus of events and no server: says what it does, and ends when there is nothing left to do.
import 'reflect-metadata';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { BufferedEventBusService, BufferedEventsModule } from '../../src/buffered-events/index.js';
import type { BufferedEventConfig } from '../../src/buffered-events/index.js';

/** What the program is to do. */
export interface IdleEventsPlan {
  readonly config: BufferedEventConfig;
  /** How long the handler of its one event takes; null: it emits none. */
  readonly eventMs: number | null;
  readonly closes: boolean;
}

async function main(): Promise<void> {
  const plan = JSON.parse(process.argv[2] ?? '') as IdleEventsPlan;
  const module = BufferedEventsModule.forRoot({
    ...plan.config,
    threads: { module: join(__dirname, 'idle-events.module.ts'), ...plan.config.threads },
  });
  const app = await NestFactory.createApplicationContext(
    { module: class {}, imports: [module] },
    { logger: false, abortOnError: false },
  );
  process.stdout.write('started\n');
  if (plan.eventMs !== null) await app.get(BufferedEventBusService).emitEvent('pause', { ms: plan.eventMs });
  if (plan.closes) await app.close();
  process.stdout.write('done\n');
}

main().catch((error: unknown) => {
  process.stdout.write(`failed: ${String(error)}\n`);
  process.exitCode = 1;
});
