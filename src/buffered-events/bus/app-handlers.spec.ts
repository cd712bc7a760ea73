import { Inject, Module } from '@nestjs/common';
import { busSettings } from '../../../test/support/event-bus-stage.js';
import { BufferedEventBusService } from '../buffered-event-bus.service.js';
import { EventHandlerRegistrationError } from '../events/errors.js';
import { EventListener, OnEvent } from '../events/event-listener.decorator.js';
import { bootHandlers } from '../threads/boot/boot-handlers.js';
import { AppHandlers } from './app-handlers.js';
import type { ModuleHere } from './app-handlers.js';
import { DirectBus } from './direct-bus.js';
import { MainBus } from './main-bus.js';

const handler = { handle: () => undefined };

/** Modules that are booted here one after the other, each with one handler. */
function booting(place: 'main' | 'threads'): {
  app: AppHandlers;
  boots: () => number;
  closes: () => number;
} {
  let [boots, closes] = [0, 0];
  const boot = (): Promise<ModuleHere> => {
    boots += 1;
    return Promise.resolve({
      handlers: [{ ...handler, type: 'order.placed', place, name: 'Orders.placed' }],
      close: () => Promise.resolve(void (closes += 1)),
    });
  };
  return { app: new AppHandlers(boot), boots: () => boots, closes: () => closes };
}

test('brings the handlers of threads once, however often it is asked', async () => {
  const { app, boots, closes } = booting('threads');
  await Promise.all([app.bring(), app.bring()]);
  await app.bring();
  expect(boots()).toBe(1);
  expect(app.handlers.of('order.placed')).toHaveLength(1);
  await app.close();
  expect(closes()).toBe(1);
});

test('closes a module that contradicts the app, and leaves nothing of it behind: it may be asked again', async () => {
  const { app, boots, closes } = booting('main');
  for (const tries of [1, 2]) {
    await expect(app.bring()).rejects.toThrow(EventHandlerRegistrationError);
    expect([boots(), closes()]).toEqual([tries, tries]);
  }
  expect(app.handlers.types).toEqual([]);
  app.add('order.placed', handler, null);
  await app.bring();
  expect(app.handlers.of('order.placed')).toEqual([handler]);
});

/** A module that handles `order.placed` with a decorator, and does more while it boots. */
function bootingWith(during: (app: AppHandlers) => Promise<void> | void): {
  app: AppHandlers;
  found: ModuleHere['handlers'][number];
  closes: () => number;
} {
  let closes = 0;
  const found = { ...handler, type: 'order.placed', place: 'threads', name: 'Orders.placed' } as const;
  const app: AppHandlers = new AppHandlers(async () => {
    await during(app);
    return { handlers: [found], close: () => Promise.resolve(void (closes += 1)) };
  });
  return { app, found, closes: () => closes };
}

describe('of a type that the module handles', () => {
  const byHand = { handle: () => undefined };

  test('both run, the one it registers by hand and the one with a decorator: as in a thread', async () => {
    const { app, found } = bootingWith((self) => void self.add('order.placed', byHand, null));
    await app.bring();
    expect(app.handlers.of('order.placed')).toEqual([byHand, found]);
  });

  test.each(['before', 'during', 'after'])('the app’s alone runs, registered %s its boot', async (when) => {
    let [boots, goOn] = [false, (): void => undefined];
    const { app } = bootingWith(() => {
      boots = true;
      return new Promise((resolve) => (goOn = resolve));
    });
    if (when === 'before') app.add('order.placed', byHand, null);
    const brought = app.bring();
    expect(boots).toBe(true);
    if (when === 'during') app.add('order.placed', byHand, null);
    goOn();
    await brought;
    if (when === 'after') app.add('order.placed', byHand, null);
    expect(app.handlers.of('order.placed')).toEqual([byHand]);
  });

  test('nothing is left of a boot that failed, and what the module registers late is beside its others', async () => {
    let fails = true;
    let late: Promise<void> = Promise.resolve();
    const { app, found } = bootingWith((self) => {
      self.add('order.placed', byHand, null);
      if (fails) throw new Error('no database');
      late = new Promise((resolve) => setImmediate(resolve)).then(
        () => void self.add('order.placed', handler, null),
      );
    });
    await expect(app.bring()).rejects.toThrow('no database');
    expect(app.types.names).toEqual([]);
    fails = false;
    await app.bring();
    await late;
    expect(app.handlers.of('order.placed')).toEqual([byHand, found, handler]);
  });
});

test('a module that still boots when all ends is closed once it has, and handles nothing', async () => {
  let goOn = (): void => undefined;
  const { app, closes } = bootingWith(() => new Promise((resolve) => (goOn = resolve)));
  const brought = app.bring();
  const closed = app.close();
  goOn();
  await Promise.all([brought, closed]);
  expect(closes()).toBe(1);
  expect(app.handlers.of('order.placed')).toBeUndefined();
});

describe('the handlers of a real module', () => {
  const ran: string[] = [];

  @EventListener()
  class Orders {
    constructor(@Inject(BufferedEventBusService) service: BufferedEventBusService) {
      service.registerHandler('order.placed', { handle: () => void ran.push('by hand') });
    }
    @OnEvent('order.placed') placed(): void {
      ran.push('decorated');
    }
  }

  @Module({ providers: [Orders] })
  class OrdersModule {}

  test.each([true, false])('all run in the app’s thread (enabled: %s)', async (enabled) => {
    ran.splice(0);
    const parts = {
      settings: busSettings({ enabled }),
      bootModuleHere: (): Promise<ModuleHere> =>
        bootHandlers(OrdersModule, bus, { log() {}, error() {}, warn() {} }),
    };
    const bus: DirectBus | MainBus = enabled ? new MainBus(parts) : new DirectBus(parts);
    await bus.initialize();
    await bus.emitHandled('order.placed', {});
    expect(ran).toEqual(['by hand', 'decorated']);
    await bus.shutdown();
  });
});
