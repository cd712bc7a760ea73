import { Logger } from '@nestjs/common';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import { StandIn } from './stand-in.js';
import type { ThreadsNow } from './stand-in.js';

class Stage {
  readonly clock = new ManualClock();
  threads: ThreadsNow = { wanted: 2, live: 2, failedBoots: 0 };
  readonly changes: [standsIn: boolean, runsSuspects: boolean][] = [];
  brought = 0;
  fails = false;
  hangs = false;
  readonly standIn: StandIn;

  constructor(fallbackToSync = true, isStarted = true) {
    this.standIn = new StandIn({
      clock: this.clock,
      fallbackToSync,
      threads: () => this.threads,
      bringHandlers: async () => {
        this.brought += 1;
        if (this.fails) throw new Error('secret');
        if (this.hangs) await new Promise(() => undefined);
      },
      changed: (...change) => void this.changes.push(change),
    });
    if (isStarted) void this.standIn.start();
  }

  async look(threads: Partial<ThreadsNow>): Promise<void> {
    this.threads = { ...this.threads, ...threads };
    this.standIn.look();
    await this.clock.advance(0);
  }
}

let lines: string[];

beforeEach(() => {
  lines = [];
  for (const method of ['log', 'warn', 'error'] as const) {
    jest
      .spyOn(Logger.prototype, method)
      .mockImplementation((...line: unknown[]) => void lines.push(String(line[0])));
  }
});

afterEach(() => {
  jest.restoreAllMocks();
});

it('the app stands in while no thread lives, and says so at each change', async () => {
  const stage = new Stage();
  await stage.look({ live: 1 });
  expect(stage.changes).toEqual([]);
  await stage.look({ live: 0 });
  await stage.look({ live: 0 });
  expect(stage.standIn.isOn).toBe(true);
  await stage.look({ live: 1 });
  expect(stage.changes).toEqual([
    [true, false],
    [false, false],
  ]);
  expect(lines).toEqual([
    expect.stringMatching(/^No worker thread lives/),
    expect.stringMatching(/lives again/),
  ]);
});

it('does not, where fallbackToSync is off, unless no thread is asked for', async () => {
  const stage = new Stage(false);
  await stage.look({ live: 0 });
  expect(stage.standIn.isOn).toBe(false);
  await stage.look({ wanted: 0 });
  expect(stage.changes).toEqual([[true, true]]);
  expect(lines).toEqual([]);
});

it('runs suspects only when threads failed to boot again and again', async () => {
  const stage = new Stage();
  await stage.look({ live: 0, failedBoots: 2 });
  await stage.look({ failedBoots: 3 });
  expect(stage.changes).toEqual([
    [true, false],
    [true, true],
  ]);
});

it('tries again when the handlers cannot be made here, and names no text of the error', async () => {
  const stage = new Stage();
  stage.fails = true;
  await stage.look({ live: 0 });
  expect(stage.standIn.isOn).toBe(false);
  expect(lines).toEqual([expect.stringMatching(/cannot be made .*tried again in 5 s/)]);
  expect(lines[0]).not.toMatch(/secret/);
  stage.fails = false;
  await stage.clock.advance(5_000);
  expect(stage.standIn.isOn).toBe(true);
  expect(stage.brought).toBe(2);
});

it('does not turn on for a thread that came while the handlers were made', async () => {
  const stage = new Stage();
  stage.threads = { ...stage.threads, live: 0 };
  stage.standIn.look();
  stage.threads = { ...stage.threads, live: 1 };
  await stage.clock.advance(0);
  expect(stage.changes).toEqual([]);
});

it('decides nothing before the start: one that fails leaves nothing behind', async () => {
  const stage = new Stage(true, false);
  await stage.look({ live: 0, wanted: 0 });
  expect(stage.brought).toBe(0);
  await stage.standIn.start();
  await stage.clock.advance(0);
  expect(stage.changes).toEqual([[true, true]]);
});

it('ends with the bus, whatever comes after', async () => {
  const stage = new Stage();
  await stage.look({ live: 0 });
  stage.standIn.close();
  await stage.look({ live: 0 });
  expect(stage.changes.at(-1)).toEqual([false, false]);
  expect(lines).toHaveLength(1);
  expect(stage.clock.pendingTimers).toBe(0);
});

it('says what is waited for where handlers take a minute to be made here, and nothing where they do not', async () => {
  const quick = new Stage();
  await quick.look({ wanted: 0, live: 0 });
  await quick.clock.advance(120_000);
  expect(lines).toEqual([]);
  const stage = new Stage();
  stage.hangs = true;
  await stage.look({ wanted: 0, live: 0 });
  await stage.clock.advance(59_999);
  expect(lines).toEqual([]);
  await stage.clock.advance(1);
  expect(lines).toEqual([expect.stringMatching(/for 60 s.*onModuleInit/)]);
});
