import { Logger } from '@nestjs/common';
import { bootstrapEventSystem } from './bootstrap-event-system.js';
import { defaultBufferedEventConfig } from './buffered-events.options.js';
import { EventListener, OnEvent } from './events/event-listener.decorator.js';
import { EventBusClosedError } from './events/errors.js';
import type { IEvent } from './events/event-words.js';

class UserRegisteredEvent implements IEvent {
  readonly type = 'user.registered';
  constructor(
    public readonly userId: string,
    public readonly email: string,
    public readonly timestamp: number = Date.now(),
    public correlationId?: string,
  ) {}
  get payload() {
    return { userId: this.userId, email: this.email, timestamp: this.timestamp };
  }
}

const handled: string[] = [];

@EventListener()
class UserEventHandler {
  @OnEvent('user.registered')
  async handleUserRegistered(event: UserRegisteredEvent): Promise<void> {
    handled.push(`${event.email} ${event.payload.userId} ${event.correlationId ?? 'none'}`);
    if (event.userId === '') throw new RangeError('no user');
  }
}

beforeEach(() => handled.splice(0));

describe('bootstrapEventSystem', () => {
  it('is the synchronous bus unless told otherwise: handlers have run, or failed, when an emit settles', async () => {
    const system = bootstrapEventSystem([UserEventHandler]);
    await system.eventBus.emit(new UserRegisteredEvent('7', 'a@b.c', 1, 'request-1'));
    expect(handled).toEqual(['a@b.c 7 request-1']);
    await expect(system.eventBus.emit(new UserRegisteredEvent('', 'a'))).rejects.toThrow('no user');
    await system.shutdown();
  });

  it('goes through the buffer, and keeps what is emitted before it has started as it was then', async () => {
    const bufferedEventConfig = { ...defaultBufferedEventConfig, workerCount: 0 };
    const options = { useBufferedProcessing: true, bufferedEventConfig };
    const { bufferedEventBus, shutdown } = bootstrapEventSystem([UserEventHandler], options);
    const user = { userId: '1', email: 'early' };
    const emitting = bufferedEventBus.emitEvent('user.registered', user, { correlationId: 'c' });
    user.email = 'changed';
    await emitting;
    await shutdown();
    expect(handled).toEqual(['early 1 c']);
  });

  it('starts no threads where nothing could run on them, and says so', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const { bufferedEventBus, ready, shutdown } = bootstrapEventSystem([], {
      useBufferedProcessing: true,
      bufferedEventConfig: {
        ...defaultBufferedEventConfig,
        enabled: true,
        workerCount: 4,
        maxQueueSize: 10000,
      },
    });
    await ready;
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/nothing that worker threads could run/));
    expect(bufferedEventBus.getWorkerStatistics().totalWorkers).toBe(0);
    const seen: unknown[] = [];
    bufferedEventBus.registerHandler('a', { handle: (event) => void seen.push(event.payload) });
    await bufferedEventBus.emitEvent('a', { n: 1 });
    await shutdown();
    expect(seen).toEqual([{ n: 1 }]);
    warn.mockRestore();
  });

  it.each([true, false])(
    'may be shut down before it is ready (buffered: %s)',
    async (useBufferedProcessing) => {
      const unhandled = jest.fn();
      process.on('unhandledRejection', unhandled);
      const bufferedEventConfig = { workerCount: 0 };
      const { ready, shutdown } = bootstrapEventSystem([], { useBufferedProcessing, bufferedEventConfig });
      await shutdown();
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).not.toHaveBeenCalled();
      await expect(ready).rejects.toThrow(EventBusClosedError);
      process.off('unhandledRejection', unhandled);
    },
  );

  it('refuses listeners without a module for threads, and wrong arguments', () => {
    const buffered = { useBufferedProcessing: true };
    expect(() => bootstrapEventSystem([UserEventHandler], buffered)).toThrow(/threads\.module .* is missing/);
    expect(() => bootstrapEventSystem([UserEventHandler, {} as never])).toThrow(
      /listeners must be a list of classes/,
    );
    expect(() => bootstrapEventSystem([], { useBufferdProcessing: true } as object)).toThrow(
      /Did you mean "useBufferedProcessing"/,
    );
  });

  it('never fails silently: the start rejects, and so does what was emitted before', async () => {
    @EventListener()
    class Broken {
      constructor() {
        throw new Error('no database');
      }
      @OnEvent('a') handle(): void {}
    }
    const { eventBus, ready, shutdown } = bootstrapEventSystem([Broken]);
    const early = eventBus.emitEvent('a', 1);
    await expect(ready).rejects.toThrow('no database');
    await expect(early).rejects.toThrow('no database');
    await shutdown();
  });
});
