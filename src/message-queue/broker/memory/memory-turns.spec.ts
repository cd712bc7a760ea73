import { Clock } from '../../../kernel/time/clock.js';
import type { ClockTimer } from '../../../kernel/time/clock.js';
import { MemoryQueue } from './bull/queue/memory-queue.js';

/** Notes whether timers would hold the process open. */
class NotingClock extends Clock {
  readonly keepAlive: boolean[] = [];

  now(): number {
    return Date.now();
  }

  setTimer(_callback: () => void, _delayMs: number, options: { keepAlive?: boolean } = {}): ClockTimer {
    this.keepAlive.push(options.keepAlive === true);
    return { cancel: () => undefined };
  }
}

function timersThatHold(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout' || kind === 'Immediate').length;
}

describe('The memory queue and the event loop', () => {
  it('lets timers run while it drains a long backlog', async () => {
    const queue = new MemoryQueue('fair');
    await queue.addBulk(
      Array.from({ length: 60_000 }, () => ({ data: {}, opts: { removeOnComplete: true } })),
    );
    let longest = 0;
    let last = performance.now();
    let ticks = 0;
    const ticking = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      ticks += 1;
    }, 1);
    last = performance.now();
    let left = 60_000;
    await new Promise<void>((resolve) => {
      void queue.process(10, async () => {
        left -= 1;
        if (left === 0) resolve();
      });
    });
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(10);
    expect(longest).toBeLessThan(500);
    await queue.close();
  });

  it.each([
    ['adds', async (queue: MemoryQueue) => queue.add({}, { removeOnComplete: true })],
    ['counts', async (queue: MemoryQueue) => queue.getJobCounts()],
    ['looks at a job', async (queue: MemoryQueue) => (await queue.getJob('nobody')) ?? queue.isPaused()],
  ])('lets timers run while somebody %s in a loop', async (_what, step) => {
    const queue = new MemoryQueue('loop');
    let over = false;
    setTimeout(() => (over = true), 5);
    const giveUpAt = Date.now() + 5_000;
    while (!over && Date.now() < giveUpAt) await step(queue);
    expect(over).toBe(true);
    await queue.close();
  });

  it('holds no timer while it is idle, nor after it was closed', async () => {
    const before = timersThatHold();
    const queue = new MemoryQueue('idle');
    void queue.process(async () => undefined);
    await (await queue.add({})).finished();
    await new Promise((resolve) => setImmediate(resolve));
    expect(timersThatHold()).toBe(before);
    await queue.add({}, { delay: 60_000 });
    await queue.close();
    expect(timersThatHold()).toBe(before);
  });

  it('holds the process for delayed jobs it works on, not for schedules', async () => {
    const clock = new NotingClock();
    const queue = new MemoryQueue('held', { clock });
    void queue.process(async () => undefined);
    await queue.add('tick', {}, { repeat: { every: 60_000 } });
    expect(clock.keepAlive).toEqual([false]);
    await queue.add({}, { delay: 90_000 });
    expect(clock.keepAlive.at(-1)).toBe(true);
    await queue.close();
  });
});
