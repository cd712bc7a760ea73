import { ConsumerStage } from '../../../test/support/event-consumer-stage.js';
import type { StoredEvent } from '../buffer/buffer-words.js';
import { DOZE_MS, HELP_AFTER_MS, LOOK_EVERY_MS } from './doze.js';
import type { ConsumerParts } from './event-consumer.js';

describe('a consumer that may doze', () => {
  /** One event has been handled. */
  function rested(isTaken = false, parts: Partial<ConsumerParts> = {}): ConsumerStage & { calls: number } {
    const doze = { isTaken: () => isTaken, callForHelp: () => void (stage.calls += 1) };
    const run = ({ slot }: StoredEvent) => void stage.started.push(slot);
    const stage = Object.assign(new ConsumerStage({ run, doze, ...parts }), { calls: 0 });
    stage.ready.push(1);
    stage.consumer.wake();
    return stage;
  }

  it('finds the next event by itself, and sleeps when none has come for a while', async () => {
    const stage = rested();
    expect(stage.cells.rests).toBe('dozes');
    stage.ready.push(2);
    await stage.until(() => stage.started.length === 2);
    expect(stage.cells.rests).toBe('dozes');
    stage.now += DOZE_MS;
    await stage.until(() => stage.cells.rests === 'sleeps');
  });

  it('finds what came just before it slept', async () => {
    const stage = rested();
    stage.beforeLook = () => {
      if (stage.cells.rests === 'sleeps' && stage.started.length === 1) stage.ready.push(2);
    };
    stage.now += DOZE_MS;
    await stage.until(() => stage.started.length === 2);
  });

  it('sleeps at once where another one dozes, and when nothing was there from the first', () => {
    expect(rested(true).cells.rests).toBe('sleeps');
    const idle = new ConsumerStage({ doze: { isTaken: () => false, callForHelp: () => undefined } });
    idle.consumer.wake();
    expect(idle.cells.rests).toBe('sleeps');
  });

  it('calls for help when others wait behind those that it runs, for as long as they do', async () => {
    const open: (() => void)[] = [];
    const started: number[] = [];
    const run = ({ slot }: StoredEvent) => {
      started.push(slot);
      return slot === 1 ? undefined : new Promise<void>((resolve) => void open.push(resolve));
    };
    const stage = rested(false, { run, concurrency: 2 });
    stage.ready.push(2, 3, 4);
    await stage.until(() => stage.calls === 2);
    expect([started, stage.cells.rests]).toEqual([[1, 2, 3], null]);
    for (const end of open) end();
    await stage.until(() => started.length === 4);
    const { calls } = stage;
    // Whatever timer could call once more began earlier, and ends first.
    await new Promise((resolve) => setTimeout(resolve, 2 * HELP_AFTER_MS));
    expect(stage.calls).toBe(calls);
  });

  it('calls for none when it takes up all that it finds', async () => {
    const stage = rested();
    stage.ready.push(2, 3, 4);
    await stage.until(() => stage.started.length === 4);
    await new Promise((resolve) => setTimeout(resolve, HELP_AFTER_MS + LOOK_EVERY_MS));
    expect(stage.calls).toBe(0);
  });

  it('looks no more once it was told to stop', async () => {
    const stage = rested();
    await stage.consumer.stop();
    stage.ready.push(2);
    // Of two timers of the same length, the one that began first ends first.
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    expect([stage.started, stage.cells.rests]).toEqual([[1], null]);
  });
});
