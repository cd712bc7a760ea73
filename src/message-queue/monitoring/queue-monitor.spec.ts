import { DeadLetterFixture, HandClock, letterQueue } from '../../../test/e2e/dead-letter.fixture.js';
import { FleetStage } from '../../../test/support/fleet-stage.js';
import { TestRedis } from '../../../test/support/redis-server.js';
import { ShutdownError } from '../jobs/errors.js';
import type { CircuitOpenError } from '../jobs/errors.js';
import { JobEvents } from '../jobs/events/job-events.js';
import { StuckHandlers } from '../execution/stuck-handlers.js';
import { CockatielCircuitBreakers } from '../resilience/cockatiel-circuit-breakers.js';
import type { HealthThresholds } from './health-thresholds.js';
import type { QueueHealth } from './queue-health.js';
import { QueueMonitor } from './queue-monitor.js';

const RUN = { queue: 'mail', job: 'send', attempt: 1, correlationId: 'c' };

describe('QueueMonitor', () => {
  let clock: HandClock;
  let events: JobEvents;
  let fixture: DeadLetterFixture;
  let breakers: CockatielCircuitBreakers;
  let monitor: QueueMonitor;
  let stuckHandlers: StuckHandlers;
  let stage: FleetStage;
  const monitorOf = (of = fixture, thresholds?: Partial<HealthThresholds>): QueueMonitor => {
    stage = new FleetStage(of.queues, { clock: of.clock, events, breakers, stuckHandlers });
    return new QueueMonitor(of.queues, stage.fleet, stage.watch, of.clock, thresholds);
  };

  beforeEach(() => {
    clock = new HandClock();
    events = new JobEvents();
    stuckHandlers = new StuckHandlers(clock, 5_000);
    fixture = new DeadLetterFixture('memory', null, clock, [
      letterQueue('mail', { maxWaiting: 10 }),
      letterQueue('push'),
    ]);
    breakers = new CockatielCircuitBreakers(clock, { failureThreshold: 1 }, events);
    monitor = monitorOf();
  });
  afterEach(() => fixture.close());

  const codes = ({ reasons }: QueueHealth): string[] => reasons.map(({ code }) => code);
  const complete = (count: number, durationMs = 100): void => {
    for (let i = 0; i < count; i++) stage.activity.of(RUN.queue, RUN.job).completed(durationMs, clock.now());
  };
  const fail = (count: number): void => {
    for (let i = 0; i < count; i++) stage.activity.of(RUN.queue, RUN.job).failed(100, clock.now(), false);
  };

  it('adds the states of all queues up', async () => {
    const mail = fixture.queues.get('mail').queue;
    await mail.addBulk([
      { name: 'send', data: {} },
      { name: 'send', data: {} },
    ]);
    await fixture.queues.get('push').queue.add('send', {}, { delay: 60_000 });
    clock.advance(5_000);
    const metrics = await monitor.metrics();
    expect(metrics.totals).toEqual({ waiting: 2, active: 0, completed: 0, failed: 0, delayed: 1, paused: 0 });
    expect(metrics.queues['mail']).toMatchObject({
      waiting: 2,
      isPaused: false,
      oldestWaitingMs: 5_000,
      failureRate: null,
    });
    expect(metrics.timestamp).toEqual(new Date(clock.now()));
  });

  it('tells rates and run times of the last five minutes', async () => {
    complete(90, 40);
    fail(10);
    const stats = await monitor.stats('mail');
    expect(stats).toMatchObject({ attempts: 100, failureRate: 0.1, throughputPerSecond: 0.3 });
    expect(stats.avgProcessingMs).toBeCloseTo(46);
    clock.advance(600_000);
    expect(await monitor.stats('mail')).toMatchObject({
      attempts: 0,
      failureRate: null,
      avgProcessingMs: null,
    });
  });

  it('sums everything up in plain numbers', async () => {
    complete(10, 45);
    await fixture.queues.get('mail').queue.add('send', {});
    const summary = await monitor.summary();
    expect(summary).toEqual({
      totalMessages: 11,
      pendingMessages: 1,
      processingMessages: 0,
      completedMessages: 10,
      failedMessages: 0,
      avgProcessingTime: 45,
      p95ProcessingTime: expect.any(Number) as number,
      queues: ['mail', 'push'],
      provider: 'memory',
      healthy: true,
    });
    expect((await monitor.summary('push')).totalMessages).toBe(0);
  });

  it('looks at a server once for all of its queues', async () => {
    const inspect = jest.spyOn(fixture.queues.get('mail').broker, 'inspectServer');
    await monitor.summary();
    await monitor.overallHealth();
    expect(inspect).toHaveBeenCalledTimes(2);
  });

  it('finds nothing wrong with a queue that works', async () => {
    complete(50);
    const health = await monitor.health('mail');
    expect(health).toMatchObject({ status: 'healthy', healthy: true, reasons: [], queue: 'mail' });
    expect(await monitor.overallHealth()).toMatchObject({ status: 'healthy', healthy: true });
  });

  it.each([
    [1, 99, 'healthy'],
    [6, 94, 'degraded'],
    [60, 40, 'unhealthy'],
    // Too few to say anything.
    [5, 0, 'healthy'],
  ])('calls %i failures beside %i successes %s', async (failures, successes, status) => {
    fail(failures);
    complete(successes);
    expect((await monitor.health('mail')).status).toBe(status);
  });

  it('says when a queue is paused, and how to resume it', async () => {
    await fixture.queues.get('mail').queue.pause();
    const health = await monitor.health('mail');
    expect(health.status).toBe('degraded');
    expect(health.reasons[0]?.message).toContain("resumeQueue('mail')");
  });

  it('says when jobs wait and nobody works, but not before a while', async () => {
    await fixture.queues.get('mail').queue.add('send', {});
    expect((await monitor.health('mail')).status).toBe('healthy');
    clock.advance(31_000);
    const health = await monitor.health('mail');
    expect([health.status, ...codes(health)]).toEqual(['unhealthy', 'NO_PROGRESS']);
    const overall = await monitor.overallHealth();
    expect(overall).toMatchObject({ status: 'unhealthy', healthy: false });
    expect(overall.queues['push']?.status).toBe('healthy');
    // Work elsewhere in this process's queue: slow, not stuck.
    clock.advance(60_000);
    complete(1);
    expect(codes(await monitor.health('mail'))).toEqual(['JOBS_WAIT_LONG']);
  });

  it('says at once when jobs wait and no process that lives takes any', async () => {
    stage.slots = { slots: 0, busy: 0 };
    await fixture.queues.get('mail').queue.add('send', {});
    const health = await monitor.health('mail');
    expect([health.status, ...codes(health)]).toEqual(['unhealthy', 'NO_PROGRESS']);
    expect(health.reasons[0]?.message).toContain('role worker or both');
    expect(health.stats).toMatchObject({ workers: 0, slots: 0, utilization: null });
    // Nobody is to take what is paused, and nothing waits in the other queue.
    expect(codes(await monitor.health('push'))).toEqual([]);
    await fixture.queues.get('mail').queue.pause();
    expect(codes(await monitor.health('mail'))).toEqual(['PAUSED']);
    await fixture.queues.get('mail').queue.resume();
    stage.slots = { slots: 4, busy: 1 };
    const worked = await monitor.health('mail');
    expect(codes(worked)).toEqual([]);
    expect(worked.stats).toMatchObject({ workers: 1, slots: 4, busySlots: 1, utilization: 0.25 });
  });

  it('says when adds are about to be refused', async () => {
    await fixture.queues
      .get('mail')
      .queue.addBulk(Array.from({ length: 8 }, () => ({ name: 'send', data: {} })));
    expect(codes(await monitor.health('mail'))).toEqual(['BACKLOG_NEAR_LIMIT']);
  });

  it('says when there are many dead letters', async () => {
    monitor = monitorOf(fixture, { maxDeadLetters: 2 });
    await fixture.work('mail');
    await fixture.deaths('mail', [{ errors: ['a'] }, { errors: ['a'] }, { errors: ['a'] }]);
    expect(codes(await monitor.health('mail'))).toEqual(['DEAD_LETTERS']);
  });

  it('says which handlers go on after their abort, until they end, however they do', async () => {
    const place = { queue: 'mail', job: 'send', jobId: 'm_1', attempt: 1, correlationId: 'c' };
    const reason = new ShutdownError('The worker stops.');
    const settled = stuckHandlers.watch(place, 'Mailer.send', reason, () => undefined);
    expect((await monitor.health('mail')).status).toBe('healthy');
    clock.advance(5_000);
    const health = await monitor.health('mail');
    expect([health.status, ...codes(health)]).toEqual(['unhealthy', 'STUCK_HANDLER']);
    expect(health.reasons[0]?.message).toContain('Mailer.send (job m_1)');
    expect((await monitor.health('push')).status).toBe('healthy');
    // Handed back or abandoned: no event tells of that.
    settled();
    expect((await monitor.health('mail')).status).toBe('healthy');
  });

  it('says which open breaker holds jobs of which queue', async () => {
    await breakers.run('smtp', () => Promise.reject(new Error('ECONNREFUSED'))).catch(() => undefined);
    const refusal = await breakers
      .run('smtp', () => Promise.resolve())
      .catch((error: unknown) => error as Error);
    events.emit('retrying', {
      ...RUN,
      jobId: 'm_1',
      delayMs: 30_000,
      spent: false,
      reason: 'The dependency is away.',
      blockedBy: (refusal as CircuitOpenError).dependency,
    });
    const mail = await monitor.health('mail');
    expect([mail.status, ...codes(mail)]).toEqual(['degraded', 'BREAKER_OPEN']);
    expect(mail.reasons[0]?.message).toContain('smtp (Error)');
    const push = await monitor.health('push');
    expect(push.status).toBe('healthy');
    expect(push.breakers).toEqual([expect.objectContaining({ dependency: 'smtp', state: 'OPEN' })]);
    clock.advance(30_000);
    await breakers.run('smtp', () => Promise.resolve());
    expect((await monitor.health('mail')).status).toBe('healthy');
  });

  it('throws for a queue that is not registered', async () => {
    await expect(monitor.health('post')).rejects.toThrow('post');
  });

  it('says within seconds that Redis is gone, and does not hang', async () => {
    const redis = await TestRedis.start();
    const onRedis = new DeadLetterFixture('redis', redis);
    monitor = monitorOf(onRedis);
    expect((await monitor.health('mail')).server.reachable).toBe(true);
    redis.signal('SIGSTOP');
    const health = await monitor.overallHealth();
    expect(health.status).toBe('unhealthy');
    expect(health.queues['mail']?.reasons.map(({ code }) => code)).toEqual(['BROKER_UNREACHABLE']);
    await expect(monitor.metrics()).rejects.toThrow(/did not return the counts/);
    redis.signal('SIGCONT');
    await onRedis.close();
    await redis.stop();
  });
});
