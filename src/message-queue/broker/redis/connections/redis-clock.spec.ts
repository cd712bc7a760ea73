import { CLOCK_STEPS, setClock } from '../../../../../test/support/set-clock.js';
import { RedisClock } from './redis-clock.js';

/** A server whose time a test sets. */
class Server {
  aheadMs = 0;
  asked = 0;
  refuses = false;

  readonly time = (): Promise<[string, string]> => {
    this.asked += 1;
    if (this.refuses) return Promise.reject(new Error('NOPERM'));
    const now = performance.timeOrigin + performance.now() + this.aheadMs;
    return Promise.resolve([String(Math.floor(now / 1_000)), String(Math.floor((now % 1_000) * 1_000))]);
  };

  get now(): number {
    return performance.timeOrigin + performance.now() + this.aheadMs;
  }
}

describe('RedisClock', () => {
  let server: Server;
  let told: string[];
  let reset = (): void => undefined;
  beforeEach(() => {
    server = new Server();
    told = [];
  });
  afterEach(() => reset());

  const clockOf = (): RedisClock =>
    new RedisClock(
      () => server.time(),
      (message) => told.push(message),
    );
  const offBy = (clock: RedisClock): number => Math.abs(clock.now() - server.now);

  it.each(CLOCK_STEPS)(
    "shows the server's time where this machine's clock was set %s, and says so once",
    async (_step, ms) => {
      reset = setClock(ms);
      const clock = clockOf();
      expect(offBy(clock)).toBeGreaterThan(3_000_000);
      await clock.compare();
      expect(offBy(clock)).toBeLessThan(1_000);
      expect(Math.abs(clock.aheadMs + ms)).toBeLessThan(1_000);
      await clock.compare();
      expect(told).toEqual([expect.stringMatching(ms > 0 ? /3600 s ahead of Redis/ : /3600 s behind Redis/)]);
      expect(told[0]).toMatch(/NTP/);
      reset();
      await clock.compare();
      reset = setClock(ms);
      await clock.compare();
      expect(told).toHaveLength(2);
    },
  );

  it("follows the server's clock when another server takes over, and corrects what was read before", async () => {
    const clock = clockOf();
    await clock.compare();
    const [at, { offset }] = [clock.now(), clock];
    server.aheadMs = 3_600_000;
    await clock.compare();
    expect(offBy(clock)).toBeLessThan(1_000);
    expect(Math.abs(clock.corrected(at, offset) - at - 3_600_000)).toBeLessThan(1_000);
    expect(clock.corrected(at, clock.offset)).toBe(at);
  });

  it('goes on evenly, and never back, while comparisons only confirm it', async () => {
    const clock = clockOf();
    await clock.compare();
    const { offset } = clock;
    for (let last = clock.now(), i = 0; i < 50; i++) {
      await clock.compare();
      expect(clock.now()).toBeGreaterThanOrEqual(last);
      last = clock.now();
    }
    expect(clock.offset).toBe(offset);
    expect(told).toEqual([]);
  });

  it('asks by itself while it is used, and not each time', async () => {
    const clock = clockOf();
    clock.now();
    clock.now();
    expect(server.asked).toBe(1);
  });

  it('falls back on this machine where the server keeps its time to itself, or is away', async () => {
    server.refuses = true;
    const clock = clockOf();
    expect(await clock.compare()).toBeNull();
    expect(offBy(clock)).toBeLessThan(60_000);
    const away = new RedisClock(
      () => null,
      () => undefined,
    );
    expect(await away.compare()).toBeNull();
    expect(offBy(away)).toBeLessThan(60_000);
  });
});
