import { redisStage } from '../support/redis-stage.js';
import { shareARate } from '../support/shared-rate.js';

describe('a rate of ten a second that two queues and three workers share for a minute', () => {
  const stage = redisStage();

  it('starts 594 to 606 jobs, never more than 11 in a second, with under 100 calls a second', async () => {
    const fared = await shareARate(stage, 60);
    expect(fared.starts).toBeGreaterThanOrEqual(594);
    expect(fared.starts).toBeLessThanOrEqual(606);
    expect(fared.mostInASecond).toBeLessThanOrEqual(11);
    expect(fared.attempts).toBe(0);
    expect(fared.scriptsPerSecond).toBeLessThan(100);
    for (const ms of fared.othersWaitedMs) expect(ms).toBeLessThan(100);
  });
});
