import { Injectable, Logger, Module } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { writeFileSync } from 'node:fs';
import { BufferedEventBusService } from '../../../src/buffered-events/buffered-event-bus.service.js';
import { currentEvent } from '../../../src/buffered-events/consume/current-event.js';
import { EventListener, OnEvent } from '../../../src/buffered-events/events/event-listener.decorator.js';
import type { EventContext } from '../../../src/buffered-events/events/event-words.js';

@Injectable()
export class Stock {
  take(article: string): string {
    return `one ${article}`;
  }
}

/** Tells what it does by events that it emits: what a thread does can be seen nowhere else. */
@EventListener()
export class OrderHandlers implements OnModuleInit, OnModuleDestroy {
  constructor(
    private readonly stock: Stock,
    private readonly bus: BufferedEventBusService,
    private readonly config: ConfigService,
  ) {}

  onModuleInit(): void {
    this.bus.registerHandler('order.noted', { handle: (event) => this.say('noted', event) });
  }

  onModuleDestroy(): void {
    const file = this.config.get<string>('ORDERS_CLOSED_FILE');
    if (file !== undefined) writeFileSync(file, 'closed');
  }

  @OnEvent('order.placed')
  async placed(
    { article }: { article: string },
    { id, correlationId, carried }: EventContext,
  ): Promise<void> {
    await Promise.resolve();
    const { id: current } = currentEvent() ?? {};
    await this.say('placed', { taken: this.stock.take(article), id, current, correlationId, carried });
  }

  @OnEvent('order.asked')
  async asked(): Promise<void> {
    const { execArgv } = process;
    await this.say('asked', {
      secret: this.config.get<string>('ORDERS_SECRET'),
      isThread: execArgv.length > 0,
    });
  }

  @OnEvent('order.logged')
  logged(): void {
    new Logger('Orders').warn('an order');
    new Logger('Orders').log({ structured: true }, () => undefined);
  }

  @OnEvent('order.failed')
  async failed(): Promise<never> {
    throw Object.assign(new RangeError('no such order', { cause: new Error('deeper') }), { code: 'EORDER' });
  }

  @OnEvent('order.hangs')
  async hangs(_event: unknown, { signal }: EventContext): Promise<void> {
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  }

  @OnEvent('order.late')
  late(): void {
    this.bus.registerHandler('order.too-late', { handle: () => undefined });
  }

  @OnEvent('order.shown', { where: 'main' })
  shown(): void {
    throw new Error('runs in the app');
  }

  private async say(what: string, payload: unknown): Promise<void> {
    await this.bus.emitEvent(`said.${what}`, payload);
  }
}

@Module({ imports: [ConfigModule.forRoot({ ignoreEnvFile: true })], providers: [Stock, OrderHandlers] })
export class OrdersModule {}
