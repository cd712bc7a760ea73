import { ManualClock } from '../../kernel/time/manual-clock.js';
import { ProcessHold } from './process-hold.js';

describe('ProcessHold', () => {
  it('holds from the first event until none is stored, and again from the next', async () => {
    const clock = new ManualClock();
    const timers = jest.spyOn(clock, 'setTimer');
    let stored = 2;
    const hold = new ProcessHold(clock, () => stored > 0);
    hold.begin();
    hold.begin();
    expect(timers).toHaveBeenCalledTimes(1);
    expect(timers).toHaveBeenCalledWith(expect.any(Function), 250, { keepAlive: true });
    await clock.advance(1_000);
    expect(clock.pendingTimers).toBe(1);
    stored = 0;
    await clock.advance(250);
    expect(clock.pendingTimers).toBe(0);
    hold.begin();
    expect(clock.pendingTimers).toBe(1);
    hold.end();
    expect(clock.pendingTimers).toBe(0);
  });
});
