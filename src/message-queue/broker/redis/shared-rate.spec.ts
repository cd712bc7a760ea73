import { redisStage } from '../../../../test/support/redis-stage.js';
import { shareARate } from '../../../../test/support/shared-rate.js';

describe('a rate that queues share', () => {
  const stage = redisStage();

  // For a minute: `npm run test:rates`.
  it('is used, kept, and costs few calls', async () => {
    const fared = await shareARate(stage, 4);
    expect(fared.starts).toBeGreaterThanOrEqual(38);
    expect(fared.starts).toBeLessThanOrEqual(42);
    expect(fared.mostInASecond).toBeLessThanOrEqual(11);
    expect(fared.attempts).toBe(0);
    expect(fared.scriptsPerSecond).toBeLessThan(120);
    expect(fared.othersWaitedMs).toHaveLength(2);
    for (const ms of fared.othersWaitedMs) expect(ms).toBeLessThan(500);
  });
});
