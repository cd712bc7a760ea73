import { join } from 'node:path';
import { setEnvironmentData } from 'node:worker_threads';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BufferedEventBusService, BufferedEventsModule } from '../../../src/buffered-events/index.js';
import type { BufferedEventConfig } from '../../../src/buffered-events/index.js';
import { waitUntil } from '../../support/wait-until.js';
import { COUNTS, Counts } from './counts.js';

/** An app whose threads count, in a process of its own. */
export class CountingHost {
  private constructor(
    readonly app: INestApplicationContext,
    readonly bus: BufferedEventBusService,
    readonly counts: Counts,
  ) {}

  /** @param events most that are counted */
  static async start(config: BufferedEventConfig, events: number): Promise<CountingHost> {
    const counts = Counts.of(events);
    setEnvironmentData(COUNTS, counts.memory);
    const { threads } = config;
    const module = BufferedEventsModule.forRoot({
      ...config,
      threads: { module: join(__dirname, 'counting-threads.module.ts'), ...threads },
    });
    const app = await NestFactory.createApplicationContext(
      { module: class {}, imports: [module] },
      { logger: ['error', 'fatal'] },
    );
    return new CountingHost(app, app.get(BufferedEventBusService), counts);
  }

  /** Emits so many, numbered from `from`, with at most 200 under way. */
  async emit(count: number, from = 0, takesMs?: number): Promise<void> {
    let next = from;
    const emitter = async (): Promise<void> => {
      while (next < from + count) {
        const n = next;
        next += 1;
        await this.bus.emitEvent('count', { n, takesMs });
      }
    };
    await Promise.all(Array.from({ length: 200 }, () => emitter()));
  }

  /** Waits until nothing waits and nothing runs. */
  async settled(): Promise<void> {
    await waitUntil(() => this.bus.getMetrics().queueMetrics.size === 0, 'all events to be settled', 90_000);
  }

  /** Of the first `count` events: those that were not handled, and how many were more than once. */
  unhandled(count: number): { readonly missing: number[]; readonly twice: number } {
    const times = Array.from({ length: count }, (_, n) => this.counts.finished(n));
    return {
      missing: times.flatMap((handled, n) => (handled === 0 ? [n] : [])),
      twice: times.filter((handled) => handled > 1).length,
    };
  }
}

/** A program's last line: what it saw. */
export function report(result: object): void {
  process.stdout.write(`\n${JSON.stringify(result)}\n`);
}
