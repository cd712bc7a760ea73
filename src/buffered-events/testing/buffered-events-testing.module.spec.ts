import { Injectable } from '@nestjs/common';
import type { INestApplicationContext, OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { BufferedEventBusService } from '../buffered-event-bus.service.js';
import { EventListener, OnEvent } from '../events/event-listener.decorator.js';
import type { EventContext } from '../events/event-words.js';
import { BufferedEventsTestKit } from './buffered-events-test-kit.js';
import { BufferedEventsTestingModule } from './buffered-events-testing.module.js';
import type { BufferedEventsTestingOptions } from './buffered-events-testing.module.js';

@EventListener()
class Mail {
  readonly sent: string[] = [];
  failures = 0;
  isReady = false;
  onModuleInit(): void {
    this.isReady = true;
  }
  @OnEvent('user.registered') welcome(event: { email: string }, { attempt }: EventContext): void {
    if (!this.isReady) throw new Error('not ready');
    if (this.failures-- > 0) throw new Error('busy');
    this.sent.push(`${event.email} ${attempt}`);
  }
}

/** Emits before the app has started. */
@Injectable()
class Seeds implements OnModuleInit {
  constructor(private readonly bus: BufferedEventBusService) {}
  async onModuleInit(): Promise<void> {
    await this.bus.emitEvent('user.registered', { email: 'early' });
  }
}

describe('BufferedEventsTestingModule', () => {
  let app: INestApplicationContext;

  async function started(options: BufferedEventsTestingOptions = {}, more: (typeof Seeds)[] = []) {
    const imports = [BufferedEventsTestingModule.register(options)];
    const made = await Test.createTestingModule({ imports, providers: [Mail, ...more] }).compile();
    app = await made.init();
    const bus = app.get(BufferedEventBusService);
    return { bus, kit: app.get(BufferedEventsTestKit), mail: app.get(Mail) };
  }

  afterEach(() => app.close());

  it('has what is emitted handled, and remembers it', async () => {
    const { bus, kit, mail } = await started();
    const at = new Date(0);
    const id = await bus.emitEvent('user.registered', { email: 'a', at }, { priority: 'critical' });
    await kit.settled();
    expect(mail.sent).toEqual(['a 1']);
    expect(kit.emitted('user.registered')).toEqual([
      { id, type: 'user.registered', payload: { email: 'a', at: at.toISOString() }, priority: 'critical' },
    ]);
    expect(kit.emitted('user.left')).toEqual([]);
    await bus.emit({ type: 'user.left', payload: null, correlationId: 'c' });
    expect(kit.emitted().at(-1)).toMatchObject({ type: 'user.left', payload: null, correlationId: 'c' });
    kit.forget();
    expect(kit.emitted()).toEqual([]);
  });

  it('moves the time on to further attempts, and to the end of them', async () => {
    const { bus, kit, mail } = await started({ retryDelays: [1_000], retryAttempts: 2 });
    mail.failures = 1;
    await bus.emitEvent('user.registered', { email: 'late' });
    await kit.advance('800ms');
    expect(mail.sent).toEqual([]);
    await kit.advance('400ms');
    expect(mail.sent).toEqual(['late 2']);
    mail.failures = 3;
    await bus.emitEvent('user.registered', { email: 'never' });
    await kit.advance('10s');
    expect(kit.deadLetters).toMatchObject([{ attempts: 3, event: { payload: { email: 'never' } } }]);
  });

  it('takes events of other modules’ onModuleInit, and handles them once the app has started', async () => {
    const { kit, mail } = await started({}, [Seeds]);
    await kit.settled();
    expect(mail.sent).toEqual(['early 1']);
  });

  it('records no event that was refused', async () => {
    const { bus, kit } = await started();
    await expect(bus.emitEvent('user.registered', { n: 1n })).rejects.toMatchObject({
      code: 'EVENT_NOT_SERIALIZABLE',
    });
    await expect(bus.emit('user.registered' as never)).rejects.toThrow(TypeError);
    expect(kit.emitted()).toEqual([]);
  });
});
