import { Inject, Injectable, Module } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { busOfHandlers } from '../../../kernel/host/handlers-host.js';
import { BufferedEventBusService } from '../../buffered-event-bus.service.js';
import type { EventBus } from '../../bus/event-bus.js';
import { EventListener, OnEvent } from '../../events/event-listener.decorator.js';
import type { EventContext } from '../../events/event-words.js';
import { bootHandlers } from './boot-handlers.js';

/** What happened, in order. */
const seen: unknown[] = [];

@Injectable()
class Hooks implements OnModuleInit, OnModuleDestroy {
  onModuleInit(): void {
    seen.push(['init', busOfHandlers() === bus]);
  }
  async onModuleDestroy(): Promise<void> {
    seen.push('destroy');
    await new Promise(() => undefined);
  }
}

@EventListener()
class Handlers {
  constructor(@Inject(BufferedEventBusService) private readonly service: BufferedEventBusService) {}

  @OnEvent('a')
  async handle(event: { n: number }): Promise<void> {
    seen.push(event.n);
    await this.service.emitEvent('b', {});
  }

  @OnEvent('c', { where: 'main' })
  main(): void {
    throw new Error('not here');
  }
}

@Module({ providers: [Handlers] })
class InnerModule {}

@Module({ imports: [InnerModule], providers: [Hooks] })
class HandlersModule {}

@Module({
  providers: [
    {
      provide: 'FAILING',
      useFactory: () => {
        throw new RangeError('no');
      },
    },
  ],
})
class FailingModule {}

const emit = jest.fn(() => Promise.resolve('id'));
const bus = { emit } as unknown as EventBus;
const silent = { log: () => undefined, error: () => undefined, warn: () => undefined };

beforeEach(() => void seen.splice(0));

test('boots a module with its imports and hooks for a bus, and finds its handlers', async () => {
  const booted = await bootHandlers(HandlersModule, bus);
  expect(seen).toEqual([['init', true]]);
  expect(busOfHandlers()).toBeUndefined();
  expect(booted.handlers.map(({ type, place }) => [type, place])).toEqual([
    ['a', 'threads'],
    ['c', 'main'],
  ]);
  await booted.handlers[0]!.handle({ n: 5 }, {} as EventContext);
  expect(emit).toHaveBeenCalledWith('b', {}, undefined);
  // A hook that never ends is not waited for.
  await booted.close();
  expect(seen).toEqual([['init', true], 5, 'destroy']);
});

test('rejects with what the boot throws, and ends nothing', async () => {
  await expect(bootHandlers(FailingModule, bus, silent)).rejects.toThrow(new RangeError('no'));
  expect(busOfHandlers()).toBeUndefined();
});
