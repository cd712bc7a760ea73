import { Logger } from '@nestjs/common';
import { SETTINGS, watched } from '../../../test/support/judged-bus.js';

describe('what is logged of health', () => {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    for (const level of ['log', 'warn', 'error'] as const) {
      jest
        .spyOn(Logger.prototype, level)
        .mockImplementation((...args: unknown[]) => void lines.push(`${level} ${String(args[0])}`));
    }
  });
  afterEach(() => jest.restoreAllMocks());

  it('is the begin and the end of each alert, once', async () => {
    const bus = watched();
    bus.set({ full: true });
    await bus.clock.advance(20_000);
    bus.set({ full: false });
    await bus.clock.advance(20_000);
    await bus.judge.stop();
    expect(lines).toEqual([
      expect.stringMatching(/^error FULL: The buffer is full/),
      'log FULL is over, after 20 s.',
    ]);
  });

  it('stays readable when it comes and goes', async () => {
    const bus = watched();
    for (let turn = 0; turn < 40; turn++) {
      bus.set({ full: turn % 2 === 0 });
      await bus.clock.advance(5_000);
    }
    await bus.judge.stop();
    expect(lines.length).toBeLessThan(12);
  });

  it.each([
    { enabled: false, healthMonitoring: true },
    { enabled: true, healthMonitoring: false },
  ])('is nothing with %p, and asking still answers', async (off) => {
    const bus = watched({ monitoring: { ...SETTINGS.monitoring, ...off } });
    bus.set({ full: true });
    await bus.clock.advance(20_000);
    expect(bus.codes()).toEqual(['FULL']);
    expect(lines).toEqual([]);
  });

  it('ends with the judge: no timer is left', async () => {
    const bus = watched();
    bus.set({ full: true });
    await bus.clock.advance(20_000);
    await bus.judge.stop();
    expect(bus.clock.pendingTimers).toBe(0);
  });
});
