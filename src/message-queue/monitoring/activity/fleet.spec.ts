import { DeadLetterFixture, HandClock, letterQueue } from '../../../../test/e2e/dead-letter.fixture.js';
import { FleetStage } from '../../../../test/support/fleet-stage.js';
import { emptyRecord } from '../../jobs/activity/activity-record.js';
import { JobEvents } from '../../jobs/events/job-events.js';
import type { ActivityDeltas } from '../../jobs/activity/activity-deltas.js';
import { Histories } from './histories.js';
import { MOST_BYTES, packed, RolledHours, unpacked } from './rolled-hours.js';

const HOUR_MS = 3_600_000;

describe('Fleet', () => {
  let clock: HandClock;
  let fixture: DeadLetterFixture;
  let events: JobEvents;
  let stage: FleetStage;
  const broker = () => fixture.queues.get('mail').broker;
  const send = () => stage.activity.of('mail', 'send');
  let looks: jest.SpyInstance;
  let flushes: jest.SpyInstance;

  beforeEach(() => {
    clock = new HandClock();
    clock.advance(HOUR_MS - (clock.now() % HOUR_MS) + 30_000);
    fixture = new DeadLetterFixture('memory', null, clock, [letterQueue('mail'), letterQueue('push')]);
    events = new JobEvents();
    stage = new FleetStage(fixture.queues, { clock, events });
    looks = jest.spyOn(broker().activity, 'look');
    flushes = jest.spyOn(broker().activity, 'flush');
  });
  afterEach(() => fixture.close());

  it('shows everything that this process did before it was asked, without a wait', async () => {
    for (let i = 1; i <= 5; i++) {
      send().added();
      const { minutes } = await stage.fleet.look(broker());
      expect(minutes.map(({ queue, job, record }) => [queue, job, record[0]])).toEqual([['mail', 'send', i]]);
    }
  });

  it('answers all who ask at the same time with one look, and asks no further where nothing was done', async () => {
    await Promise.all(Array.from({ length: 50 }, () => stage.fleet.look(broker())));
    expect([looks.mock.calls.length, flushes.mock.calls.length]).toEqual([1, 1]);
    await stage.fleet.look(broker());
    expect([looks.mock.calls.length, flushes.mock.calls.length]).toEqual([2, 1]);
  });

  it('shows those who look again and again a look of at most a second ago, and never one before their own work', async () => {
    await stage.fleet.look(broker());
    await stage.fleet.recentLook(broker());
    expect(looks).toHaveBeenCalledTimes(1);
    send().added();
    expect((await stage.fleet.recentLook(broker())).minutes).toHaveLength(1);
    clock.advance(1_000);
    await stage.fleet.recentLook(broker());
    expect(looks).toHaveBeenCalledTimes(3);
  });

  it('lists processes: alive, lost after three flushes and at least 15 s, gone after 10 min or a good-bye', async () => {
    const other = new FleetStage(fixture.queues, { clock, role: 'worker' });
    other.slots = { slots: 10, busy: 4 };
    await other.reporters.flush(broker());
    const third = new FleetStage(fixture.queues, { clock, role: 'worker' });
    await third.reporters.flush(broker());
    const states = async () =>
      (await stage.fleet.workers()).map(({ id, state }) => [
        id === other.heartbeats.id ? 'other' : id,
        state,
      ]);
    const [own, third_] = [stage.heartbeats.id, third.heartbeats.id];
    const listed = await stage.fleet.workers();
    expect(listed).toHaveLength(3);
    expect(listed.find(({ id }) => id === other.heartbeats.id)).toMatchObject({
      ...{ role: 'worker', pid: process.pid, node: process.version, state: 'alive' },
      queues: [
        { queue: 'mail', slots: 10, busy: 4, stuck: 0 },
        { queue: 'push', slots: 10, busy: 4, stuck: 0 },
      ],
    });
    await third.reporters.leave(broker());
    expect((await states()).flat()).not.toContain(third_);
    clock.advance(18_000);
    expect(await states()).toEqual(
      expect.arrayContaining([
        ['other', 'alive'],
        [own, 'alive'],
      ]),
    );
    clock.advance(1);
    expect(await states()).toEqual(
      expect.arrayContaining([
        ['other', 'lost'],
        [own, 'alive'],
      ]),
    );
    clock.advance(600_000);
    expect(await states()).toEqual([[own, 'alive']]);
  });

  it('looks at queues that only others have, too', async () => {
    const others = new DeadLetterFixture('memory', null, clock, [letterQueue('invoices')]);
    const announced = {
      ...{ name: 'invoices', description: '', jobs: ['send'], concurrency: 1, attempts: 1, timeoutMs: 1 },
      ...{ maxWaiting: null, isSealed: false, isBuiltIn: false },
    };
    await broker().activity.flush({
      ...{ seq: 1, heartbeat: { ...stage.heartbeats.of(broker(), []), id: 'x' }, series: [] },
      announced: [announced],
    });
    const { counts } = await stage.fleet.look(broker());
    expect([...counts.keys()].sort()).toEqual(['invoices', 'mail', 'push']);
    await others.close();
  });

  it('looks once at more queues of others than it can show', async () => {
    const announced = Array.from({ length: 501 }, (_, i) => ({
      ...{ name: `q${i}`, description: '', jobs: ['send'], concurrency: 1, attempts: 1, timeoutMs: 1 },
      ...{ maxWaiting: null, isSealed: false, isBuiltIn: false },
    }));
    const heartbeat = { ...stage.heartbeats.of(broker(), []), id: 'x' };
    await broker().activity.flush({ ...{ seq: 1, heartbeat, series: [] }, announced });
    await stage.fleet.look(broker());
    looks.mockClear();
    expect((await stage.fleet.look(broker())).counts.size).toBe(502);
    expect(looks).toHaveBeenCalledTimes(1);
  });

  it('does not take itself for alive when it cannot say so to the others', async () => {
    await stage.reporters.flush(broker());
    const toldAt = clock.now();
    flushes.mockRejectedValue(new Error('WRONGTYPE'));
    clock.advance(70_000);
    const { instances, at } = await stage.fleet.look(broker());
    expect([at - toldAt, instances.map(({ seenAt }) => seenAt)]).toEqual([70_000, [toldAt]]);
    expect((await stage.fleet.workers()).map(({ state }) => state)).toEqual(['lost']);
  });

  it('can be asked although nothing can be kept', async () => {
    flushes.mockRejectedValue(new Error('WRONGTYPE'));
    send().added();
    expect((await stage.fleet.look(broker())).counts.size).toBe(2);
  });

  it('tells hosts what this process did, once', async () => {
    const heard: ActivityDeltas[] = [];
    events.on('metrics', (deltas) => void heard.push(deltas));
    send().completed(40, 0);
    await stage.reporters.flush(broker());
    await stage.reporters.flush(broker());
    expect(heard.map(({ series }) => series.length)).toEqual([1, 0]);
    expect(heard[0]?.series[0]).toMatchObject({
      ...{ queue: 'mail', job: 'send', runMs: { avg: 40 } },
      counts: { completed: 1, failed: 0, added: 0 },
    });
  });

  describe('its histories', () => {
    const histories = () => new Histories(stage.fleet, 72);
    const mail = () => fixture.queues.get('mail');

    it('have a point for each step, the last one under way', async () => {
      send().completed(40, 0);
      await stage.reporters.flush(broker());
      clock.advance(10 * 60_000);
      stage.activity.of('mail', 'other').failed(700, 0, true);
      const history = await histories().read(mail(), { hours: 1, stepMinutes: 5 });
      expect(history).toMatchObject({ queue: 'mail', job: null, step: 5 });
      expect(history.points).toHaveLength(12);
      expect(history.points.at(-3)).toMatchObject({ completed: 1, failed: 0, runMs: { avg: 40 } });
      expect(history.points.at(-1)).toMatchObject({ completed: 0, failed: 1, timedOut: 1 });
      expect(history.points.at(-2)).toMatchObject({ completed: 0, failed: 0, runMs: { avg: null } });
      expect(history.points.map(({ at }) => at)).toEqual(
        Array.from({ length: 12 }, (_, i) => history.from + i * 300_000),
      );
      const one = await histories().read(mail(), { hours: 1, stepMinutes: 60, job: 'send' });
      expect(one.points.map(({ completed, failed }) => [completed, failed])).toEqual([[1, 0]]);
    });

    it.each([1, 7, 11, 30, 60])(
      'lose and double nothing in steps of %i min, read anew or not',
      async (stepMinutes) => {
        for (let minute = 0; minute < 300; minute++) {
          for (let n = 0; n <= minute % 7; n++) send().added();
          await stage.reporters.flush(broker());
          clock.advance(60_000);
        }
        clock.advance(120_000);
        const kept = histories();
        const sums = async () => {
          const { points } = await kept.read(mail(), { hours: 6, stepMinutes });
          return points.map(({ added }) => added);
        };
        const first = await sums();
        expect(first.reduce((sum, one) => sum + one, 0)).toBe(
          Array.from({ length: 300 }, (_, i) => (i % 7) + 1).reduce((sum, one) => sum + one, 0),
        );
        const asked = jest.spyOn(broker().activity, 'history');
        expect(await sums()).toEqual(first);
        const [, from, to] = asked.mock.calls[0] ?? [];
        // The closed hours were kept.
        expect(Number(to) - Number(from)).toBe(0);
      },
    );

    it('refuse what is no time, and say so of all of it', async () => {
      const wrong = { hours: 100, stepMinutes: 0, job: '' };
      await expect(histories().read(mail(), wrong)).rejects.toThrow(/hours[^]*stepMinutes/);
    });

    it('say when a version came that was not there before', async () => {
      const { at } = await stage.fleet.look(broker());
      const { deploys } = await histories().read(mail(), { hours: 1 });
      expect(deploys).toEqual([{ at, version: expect.any(String) as string }]);
    });
  });
});

describe('RolledHours', () => {
  it('gives back what was put in, and forgets what nobody asked for longest', () => {
    const hours = new RolledHours();
    const broker = {} as never;
    const record = emptyRecord().fill(0.5, 10, 60);
    for (let hour = 0; hour < 1_000; hour++) {
      hours.set(broker, `h${hour}`, packed(new Map(Array.from({ length: 20 }, (_, i) => [i, record]))));
      if (hour % 10 === 0) hours.get(broker, 'h0');
    }
    expect(hours.bytes).toBeLessThanOrEqual(MOST_BYTES);
    expect(hours.bytes).toBeGreaterThan(MOST_BYTES * 0.9);
    expect(hours.get(broker, 'h1')).toBeUndefined();
    expect(unpacked(hours.get(broker, 'h0') ?? [])[7]).toEqual({ minute: 7, record });
    expect(hours.get({} as never, 'h0')).toBeUndefined();
  });
});
