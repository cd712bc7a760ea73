import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { Broker } from '../broker/broker.js';
import { MemoryBroker } from '../broker/memory/memory-broker.js';
import { SyncBroker } from '../broker/sync/sync-broker.js';
import { Clock } from '../../kernel/time/clock.js';
import { MessageQueueModule } from '../message-queue.module.js';
import type { MessageQueueModuleOptions } from '../message-queue.options.js';
import { ManualClock } from '../../kernel/time/manual-clock.js';
import { recordedAdapters } from './recorded-adapters.js';
import { MessageQueueTestKit } from './message-queue-test-kit.js';

/** Options of {@link MessageQueueTestingModule.register}. */
export type MessageQueueTestingOptions = Pick<
  MessageQueueModuleOptions,
  | 'adapters'
  | 'builtInQueues'
  | 'imports'
  | 'middleware'
  | 'queues'
  | 'maxCrashes'
  | 'onStuckHandler'
  | 'abortGraceMs'
  | 'operations'
> & {
  /** `sync`: an add runs its job before it resolves, as in an app with that provider. Default `memory`. */
  readonly provider?: 'memory' | 'sync';
  /** Where the clock starts. Default 2026-01-01T00:00:00Z. */
  readonly now?: Date | number;
};

/**
 * The module for tests: the in-memory provider, a recorder before every port, whoever implements it, and a clock that stands still.
 * Nothing runs by itself; the {@link MessageQueueTestKit} runs jobs and moves the time. As in the app,
 * every module under test may inject the service.
 */
@Module({})
export class MessageQueueTestingModule {
  /** @param options settings of the real module that matter to a test */
  static register(options: MessageQueueTestingOptions = {}): DynamicModule {
    const { now, adapters = [], provider = 'memory', ...settings } = options;
    const clock = new ManualClock(now);
    const inside: Provider[] = [
      { provide: Clock, useValue: clock },
      { provide: ManualClock, useValue: clock },
      { provide: Broker, useFactory: () => openBroker(provider, clock) },
    ];
    return {
      module: MessageQueueTestingModule,
      imports: [
        MessageQueueModule.forRoot({
          ...settings,
          provider,
          environment: 'test',
          role: 'both',
          autoStart: true,
          adapters: [...inside, ...recordedAdapters(adapters)],
        }),
      ],
      providers: [{ provide: ManualClock, useValue: clock }, MessageQueueTestKit],
      exports: [MessageQueueTestKit, ManualClock],
    };
  }
}

function openBroker(provider: 'memory' | 'sync', clock: Clock): MemoryBroker {
  const options = { clock, drive: 'manual' } as const;
  return provider === 'sync' ? new SyncBroker(options) : new MemoryBroker(options);
}
