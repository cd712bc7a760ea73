import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('calls what becomes due in order of time, then of setting, each at its time', async () => {
    const clock = new ManualClock(1000);
    const calls: string[] = [];
    const note = (name: string) => () => calls.push(`${name}@${clock.now()}`);
    clock.setTimer(note('late'), 50);
    clock.setTimer(note('first'), 10);
    clock.setTimer(note('second'), 10);
    await clock.advance(30);
    expect(calls).toEqual(['first@1010', 'second@1010']);
    expect(clock.now()).toBe(1030);
    await clock.advance(20);
    expect(calls).toEqual(['first@1010', 'second@1010', 'late@1050']);
  });

  it('calls timers set meanwhile, also by promises between two timers', async () => {
    const clock = new ManualClock(0);
    const calls: number[] = [];
    clock.setTimer(() => {
      void Promise.resolve()
        .then(() => undefined)
        .then(() => clock.setTimer(() => calls.push(clock.now()), 5));
    }, 10);
    await clock.advance(20);
    expect(calls).toEqual([15]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes timers back', async () => {
    const clock = new ManualClock();
    let called = false;
    clock.setTimer(() => (called = true), 5).cancel();
    await clock.advance(10);
    expect(called).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});
