import { Logger } from '@nestjs/common';
import { HostApps } from '../../../test/support/host-app.js';
import { waitUntil } from '../../../test/support/wait-until.js';
import { ManualClock } from '../../kernel/time/manual-clock.js';
import { ScheduleReconciler } from './schedule-reconciler.js';

type Parts = ConstructorParameters<typeof ScheduleReconciler>;

describe('schedules that cannot be checked', () => {
  afterEach(() => Logger.overrideLogger(undefined as never));

  it('are told of at once, and then once a minute while Redis is away', async () => {
    const logger = new HostApps().logger;
    Logger.overrideLogger(logger);
    let looks = 0;
    const keep = (): Promise<never> => {
      looks += 1;
      return Promise.reject(new Error('Redis is away.'));
    };
    const managed = { broker: { onLoss: () => undefined, schedulesOf: () => ({ keep }) }, queue: {} };
    const queues = { names: () => ['ticks'], isOverridden: () => false, get: () => managed };
    const clock = new ManualClock(0);
    const reconciler = new ScheduleReconciler(
      ...([queues, {}, clock, { schedules: [] }] as unknown as Parts),
    );
    await reconciler.start();
    for (let look = 2; look <= 14; look += 1) {
      await clock.advance(5_000);
      await waitUntil(() => looks === look && clock.pendingTimers === 2, 'the next look');
    }
    const line = 'Schedules could not be checked; it is tried again every 5 s: Redis is away.';
    expect(logger.lines).toEqual([
      expect.stringContaining(line),
      expect.stringMatching(/Redis is away\. 1[12] times more within 60 s\.$/),
    ]);
    await reconciler.stop();
    expect(logger.lines).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });
});
