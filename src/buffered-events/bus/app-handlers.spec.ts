import { EventHandlerRegistrationError } from '../events/errors.js';
import { AppHandlers } from './app-handlers.js';
import type { ModuleHere } from './app-handlers.js';

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
