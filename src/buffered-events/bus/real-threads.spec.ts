import { AsyncLocalStorage } from 'node:async_hooks';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { busSettings } from '../../../test/support/event-bus-stage.js';
import { BOOTS_NO_MORE } from '../../../test/support/event-modules/harmful.module.js';
import type { EventBusSettings } from '../configuration/event-bus-settings.js';
import { bootHandlers } from '../threads/boot/boot-handlers.js';
import { loadThreadModule } from '../threads/boot/load-thread-module.js';
import { MainBus } from './main-bus.js';

const SUPPORT = join(__dirname, '../../../test/support');
const request = new AsyncLocalStorage<string>();

interface Told {
  readonly payload: number;
  readonly id: string;
  readonly correlationId: string;
  readonly thread: number;
  readonly isMainThread: boolean;
}

/** A bus whose threads are worker threads of Node, and what their handlers told of their runs. */
class Stage {
  readonly told: Told[] = [];
  readonly stores: unknown[] = [];
  readonly bus: MainBus;

  constructor(given: Partial<EventBusSettings> = {}) {
    const module = join(SUPPORT, 'event-modules/harmful.module.ts');
    this.bus = new MainBus({
      settings: busSettings({
        workerCount: 2,
        workerRestartDelay: 10,
        retryDelays: [1],
        gracefulShutdownTimeout: 10_000,
        ...given,
        threads: {
          module,
          concurrency: 10,
          handlerTimeoutMs: 30_000,
          execArgv: ['--require', join(SUPPORT, 'typescript-hook.cjs')],
        },
      }),
      bootModuleHere: async () => bootHandlers(await loadThreadModule(module), this.bus),
    });
    this.bus.register('told', {
      handle: ({ payload }) => {
        this.told.push(payload as Told);
        this.stores.push(request.getStore());
      },
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
    await nextTurn();
  }

  async empty(): Promise<void> {
    await this.until(() => this.bus.readings().size === 0);
  }
}

let stage: Stage;

beforeEach(() => {
  for (const method of ['log', 'warn', 'error'] as const) {
    jest.spyOn(Logger.prototype, method).mockImplementation(() => undefined);
  }
});

afterEach(async () => {
  await stage.bus.shutdown();
  jest.restoreAllMocks();
}, 60_000);

it('events are handled in threads of their own, and what is emitted there is stored by the app', async () => {
  stage = new Stage();
  await stage.bus.initialize();
  const ids = await Promise.all(
    Array.from({ length: 300 }, (_, number) => stage.bus.emit('harmless', number)),
  );
  await stage.bus.emit('fails', 1, { correlationId: 'c' });
  await stage.empty();
  expect(new Set(stage.told.map(({ id }) => id))).toEqual(new Set(ids));
  expect(
    stage.told.every(({ isMainThread, id, correlationId }) => !isMainThread && id === correlationId),
  ).toBe(true);
  expect(stage.bus.deadLetters()).toMatchObject([
    {
      attempts: 4,
      event: { correlationId: 'c' },
      lastError: {
        name: 'RangeError',
        code: 'EFAILS',
        message: 'out of range',
        cause: { message: 'deeper' },
      },
    },
  ]);
  await stage.bus.shutdown();
  expect(stage.bus.readings()).toMatchObject({ size: 0, threads: { live: 0 }, crashes: 0 });
}, 60_000);

it('of 200 events and one that ends its thread, that one alone is dead', async () => {
  stage = new Stage();
  await stage.bus.initialize();
  for (let number = 0; number < 200; number += 1) {
    await stage.bus.emit('harmless', number);
    if (number === 60) await stage.bus.emit('exits', 1);
  }
  await stage.empty();
  expect(new Set(stage.told.map(({ payload }) => payload)).size).toBe(200);
  expect(stage.bus.deadLetters()).toMatchObject([{ event: { type: 'exits' }, crashes: 3, attempts: 0 }]);
}, 60_000);

it('when threads die for good the app goes on, in nobody’s context, and hands back when they live again', async () => {
  stage = new Stage({ workerCount: 1 });
  await stage.bus.initialize();
  writeFileSync(BOOTS_NO_MORE, '');
  try {
    await stage.bus.emit('exits', 1);
    await stage.until(() => stage.bus.readings().fallback);
    await request.run('request-1', () => stage.bus.emit('harmless', 1));
    await stage.until(() => stage.told.length === 1);
    expect(stage.told).toMatchObject([{ payload: 1, isMainThread: true }]);
    expect(stage.stores).toEqual([undefined]);
    // What the thread died of is a suspect, which no thread can run any more: the app does, once.
    await stage.empty();
    expect(stage.bus.deadLetters()).toEqual([]);
  } finally {
    rmSync(BOOTS_NO_MORE);
  }
  await stage.until(() => stage.bus.readings().threads.live === 1);
  expect(stage.bus.readings().fallback).toBe(false);
  await stage.bus.emit('harmless', 2);
  await stage.until(() => stage.told.length === 2);
  expect(stage.told[1]).toMatchObject({ payload: 2, isMainThread: false });
}, 60_000);
