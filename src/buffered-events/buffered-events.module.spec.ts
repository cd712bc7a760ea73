import { join } from 'node:path';
import { Inject, Injectable, Module } from '@nestjs/common';
import type {
  DynamicModule,
  INestApplicationContext,
  OnApplicationBootstrap,
  OnModuleDestroy,
  OnModuleInit,
  Type,
} from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { DuplicateRegistrationError, InvalidConfigurationError } from '../kernel/errors.js';
import { BufferedEventBusService } from './buffered-event-bus.service.js';
import { BufferedEventsModule } from './buffered-events.module.js';
import type {
  BufferedEventsModuleAsyncOptions,
  BufferedEventsModuleOptions,
  BufferedEventsOptionsFactory,
} from './buffered-events.options.js';
import { EventListener, OnEvent } from './events/event-listener.decorator.js';
import { waitUntil } from '../../test/support/wait-until.js';

@EventListener()
class Counter {
  readonly seen: unknown[] = [];
  @OnEvent('counted') count(event: { n: number }): void {
    this.seen.push(event.n);
    if (event.n < 0) throw new RangeError('negative');
  }
}

const DIRECT: BufferedEventsModuleOptions = { enabled: false };

/** A database of the host, which handlers use. */
@Injectable()
class Store implements OnModuleDestroy {
  isOpen = true;
  readonly kept: unknown[] = [];

  keep(what: unknown): void {
    if (!this.isOpen) throw new Error('The database is closed.');
    this.kept.push(what);
  }

  onModuleDestroy(): void {
    this.isOpen = false;
  }
}

@EventListener()
class Keeper {
  constructor(private readonly store: Store) {}
  @OnEvent('kept') async keep(event: { n: number }): Promise<void> {
    await new Promise(setImmediate);
    this.store.keep(event.n);
  }
}

@Module({ providers: [Store, Keeper] })
class KeepingModule {}

/** Emits while the app starts, and is ready at the end of that. */
@Injectable()
class EarlyBird implements OnModuleInit, OnApplicationBootstrap {
  readonly runs: string[] = [];
  isReady = false;
  constructor(private readonly bus: BufferedEventBusService) {}

  async onModuleInit(): Promise<void> {
    await this.bus.emitEvent('early', {});
  }

  async onApplicationBootstrap(): Promise<void> {
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    this.isReady = true;
  }
}

@EventListener()
class EarlyListener {
  constructor(private readonly bird: EarlyBird) {}
  @OnEvent('early') early(): void {
    this.bird.runs.push(this.bird.isReady ? 'ready' : 'not ready');
  }
}

@Module({ providers: [EarlyBird, EarlyListener] })
class EarlyModule {}

async function appOf(
  ...imports: (DynamicModule | Promise<DynamicModule> | Type)[]
): Promise<INestApplicationContext> {
  const made = await Test.createTestingModule({ imports, providers: [Counter] }).compile();
  return made.init();
}

describe('BufferedEventsModule', () => {
  it('gives the service to every module, and handles events in the app where there are no threads', async () => {
    const app = await appOf(BufferedEventsModule.forRoot({ workerCount: 0 }));
    const bus = app.get(BufferedEventBusService);
    await bus.emitEvent('counted', { n: 1 });
    await app.close();
    expect(app.get(Counter).seen).toEqual([1]);
    await expect(bus.emitEvent('counted', { n: 2 })).rejects.toMatchObject({ code: 'EVENT_BUS_CLOSED' });
  });

  it('handles what is stored while the providers of the app are still there', async () => {
    const app = await appOf(KeepingModule, BufferedEventsModule.forRoot({ workerCount: 0 }));
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    for (const n of numbers) await app.get(BufferedEventBusService).emitEvent('kept', { n });
    await app.close();
    expect(app.get(Store).kept).toEqual(numbers);
  });

  it('runs what was emitted early once the whole app has started', async () => {
    const app = await appOf(EarlyModule, BufferedEventsModule.forRoot({ workerCount: 0 }));
    const { runs } = app.get(EarlyBird);
    await waitUntil(() => runs.length > 0, 'the run');
    await app.close();
    expect(runs).toEqual(['ready']);
  });

  it('runs at once what is emitted early where it is switched off: whoever emits waits for it', async () => {
    const app = await appOf(EarlyModule, BufferedEventsModule.forRoot(DIRECT));
    expect(app.get(EarlyBird).runs).toEqual(['not ready']);
    await app.close();
  });

  it.each([0, 1])(
    'serves events by the handlers that the app imports where the threads’ module is not built (%s handlers)',
    async (handlers) => {
      const options = { workerCount: 0, threads: { module: join(__dirname, 'buffered-events.module.js') } };
      const imports = [BufferedEventsModule.forRoot(options)];
      const made = await Test.createTestingModule({
        imports,
        providers: handlers === 0 ? [] : [Counter],
      }).compile();
      if (handlers === 0) {
        await expect(made.init()).rejects.toThrow(/There is ".*buffered-events\.module\.ts"/);
        return;
      }
      const app = await made.init();
      await app.get(BufferedEventBusService).emitEvent('counted', { n: 1 });
      await app.close();
      expect(app.get(Counter).seen).toEqual([1]);
    },
  );

  it('runs handlers before an emit resolves where it is switched off, and rejects with their error', async () => {
    const app = await appOf(BufferedEventsModule.forRoot(DIRECT));
    const bus = app.get(BufferedEventBusService);
    await bus.emitEvent('counted', { n: 1 });
    expect(app.get(Counter).seen).toEqual([1]);
    await expect(bus.emitEvent('counted', { n: -1 })).rejects.toThrow(RangeError);
    expect(bus.getMetrics().queueMetrics.totalProcessed).toBe(1);
    expect((await bus.getHealthStatus()).activeWorkers).toBe(0);
    expect(bus.getWorkerStatistics().totalWorkers).toBe(0);
    await app.close();
  });

  it('takes options from a factory, a class or a provider, and refuses two ways at once', async () => {
    @Injectable()
    class Options implements BufferedEventsOptionsFactory {
      createBufferedEventsOptions() {
        return { enabled: false, maxEventSize: 64 };
      }
    }
    @Module({ providers: [Options], exports: [Options] })
    class OptionsModule {}
    const ways: BufferedEventsModuleAsyncOptions[] = [
      { useClass: Options },
      { imports: [OptionsModule], useExisting: Options },
      {
        imports: [OptionsModule],
        inject: [Options],
        useFactory: (options: Options) => options.createBufferedEventsOptions(),
      },
    ];
    for (const way of ways) {
      const app = await appOf(BufferedEventsModule.forRootAsync(way));
      const large = app.get(BufferedEventBusService).emitEvent('counted', { n: 'x'.repeat(64) });
      await expect(large).rejects.toMatchObject({ code: 'EVENT_TOO_LARGE', limit: 64 });
      await app.close();
    }
    const wrong = { useClass: Options, useFactory: () => ({}), workerCount: 1, useFactroy: 1 } as object;
    expect(() => BufferedEventsModule.forRootAsync(wrong)).toThrow(
      /workerCount: belongs in what the factory returns[^]*useFactroy: is not an option[^]*2 of them are given/,
    );
    const inside = { useFactory: () => ({ isGlobal: false }) as object };
    await expect(appOf(BufferedEventsModule.forRootAsync(inside))).rejects.toThrow(
      /isGlobal: is needed to put/,
    );
  });

  it('reads the variables through the host’s ConfigModule, as the queues do', async () => {
    const load = [() => ({ BUFFERED_EVENTS_ENABLED: 'false', BUFFERED_EVENTS_MAX_EVENT_SIZE: '70' })];
    const config = ConfigModule.forRoot({ ignoreEnvFile: true, load });
    const app = await appOf(config, BufferedEventsModule.forRoot());
    const large = app.get(BufferedEventBusService).emitEvent('counted', { n: 'x'.repeat(70) });
    await expect(large).rejects.toMatchObject({ limit: 70 });
    await app.close();
  });

  it('counts once however often it is imported, and refuses two that differ, naming both', async () => {
    @Module({ imports: [BufferedEventsModule.forRoot({ enabled: false })] })
    class SameModule {}
    const app = await appOf(SameModule, BufferedEventsModule.forRoot({ enabled: false }));
    await app.close();
    @Module({ imports: [BufferedEventsModule.forRoot({ workerCount: 0 })] })
    class OtherModule {}
    const twice = appOf(OtherModule, BufferedEventsModule.forRoot(DIRECT));
    await expect(twice).rejects.toThrow(DuplicateRegistrationError);
    await expect(twice).rejects.toThrow(
      /buffered-events\.module\.spec.*imported by OtherModule[^]*module\.spec/,
    );
  });

  it('is only there for its importers where it is not global', async () => {
    @Injectable()
    class Far {
      constructor(@Inject(BufferedEventBusService) readonly bus: BufferedEventBusService) {}
    }
    @Module({ providers: [Far] })
    class FarModule {}
    const near = await appOf(BufferedEventsModule.forRoot({ ...DIRECT, isGlobal: true }), FarModule);
    expect(near.get(Far, { strict: false }).bus).toBe(near.get(BufferedEventBusService));
    await near.close();
    const far = appOf(BufferedEventsModule.forRoot({ ...DIRECT, isGlobal: false }), FarModule);
    await expect(far).rejects.toThrow(/can't resolve dependencies of the Far/);
  });

  it('refuses wrong options, all at once, before anything starts', async () => {
    const wrong = BufferedEventsModule.forRoot({ workerCount: 99, maxQueueSize: 0 });
    await expect(appOf(wrong)).rejects.toThrow(InvalidConfigurationError);
    await expect(appOf(wrong)).rejects.toThrow(/workerCount[^]*maxQueueSize[^]*threads\.module/);
    await expect(appOf(BufferedEventsModule.forRoot(null as never))).rejects.toThrow(/must be an object/);
  });

  it('refuses to start with handlers that contradict each other', async () => {
    @EventListener()
    class Sockets {
      @OnEvent('counted', { where: 'main' }) push(): void {}
    }
    const imports = [BufferedEventsModule.forRoot({ workerCount: 0 })];
    const made = await Test.createTestingModule({ imports, providers: [Counter, Sockets] }).compile();
    await expect(made.init()).rejects.toThrow(/Counter\.count .*Sockets\.push/);
  });
});
