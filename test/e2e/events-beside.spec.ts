import { Global, Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { MONITORED_EVENTS } from '../../src/kernel/monitored/monitored-events.js';
import { MessageQueueModule } from '../../src/message-queue/index.js';
import type { MessageQueueModuleOptions } from '../../src/message-queue/index.js';
import { MessageQueueHealthIndicator } from '../../src/message-queue/operations/index.js';
import { AlertSink } from '../../src/message-queue/ports/index.js';
import type { AlertNotice } from '../../src/message-queue/ports/index.js';
import { AlertWatches } from '../../src/message-queue/monitoring/alerts/alert-watches.js';
import { QueueMonitor } from '../../src/message-queue/monitoring/queue-monitor.js';
import { SCHEMAS } from '../../src/message-queue/operations/rest/openapi.js';
import type { EventsDetail } from '../../src/message-queue/operations/rest/event-answers.js';
import type { AlertList, AuditList, Overview } from '../../src/message-queue/operations/rest/answers.js';
import { HostApps } from '../support/host-app.js';
import { schemaProblems } from '../support/json-schema.js';
import { lintMetrics, parseMetrics } from '../support/metrics-lint.js';
import { BUSY_EVENTS, FakeEvents } from '../support/monitored-events.js';

class Told extends AlertSink {
  readonly name = 'told';
  readonly notices: AlertNotice[] = [];

  send(notice: AlertNotice): Promise<void> {
    this.notices.push(notice);
    return Promise.resolve();
  }
}

const PROBES = { operations: { access: () => ({ name: 'ann', role: 'operator' as const }) } };

describe('A bus of events beside the queues', () => {
  const apps = new HostApps();
  let events: FakeEvents;
  let told: Told;
  let url: string;
  let app: INestApplication;

  /** An app whose other module has a bus of events; nothing of the queues knows that module. */
  async function start(
    bus: FakeEvents | null,
    options: Partial<MessageQueueModuleOptions> = {},
  ): Promise<void> {
    @Global()
    @Module({ providers: bus === null ? [] : [{ provide: MONITORED_EVENTS, useValue: bus }] })
    class OtherModule {}
    const queues = MessageQueueModule.forRoot({ provider: 'memory', environment: 'test', ...options });
    app = await apps.start({ imports: [OtherModule, queues] });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  }
  beforeEach(() => {
    events = new FakeEvents();
    told = new Told();
  });
  afterEach(() => apps.close());

  const ask = async <T>(path: string, init?: RequestInit): Promise<T> => {
    const response = await fetch(`${url}${path}`, init);
    return (await response.json()) as T;
  };
  const send = (path: string, body: object): Promise<Response> =>
    fetch(`${url}/api/queue/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const scrape = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();

  it('has its metrics among the others, as Prometheus wants them', async () => {
    await start(events, PROBES);
    const text = await scrape();
    expect(lintMetrics(text)).toEqual([]);
    const families = parseMetrics(text);
    const values = (name: string): readonly number[] | undefined =>
      families.find((one) => one.name === `message_queue_${name}`)?.samples.map(({ value }) => value);
    expect(values('events_emitted_total')).toEqual([1_930, 412_020, 88_000]);
    expect(values('events_handled_total')).toEqual([496_471, 4_210]);
    expect(values('event_threads')).toEqual([4, 3, 3]);
    expect(values('event_wait_seconds')?.at(-1)).toBe(500_000);
    expect(values('event_alert_firing')).toEqual([1, 1]);
  });

  it('counts in health, with its words, and leaves readiness as it is', async () => {
    await start(events, { operations: { ...PROBES.operations, probes: true } });
    const monitor = app.get(QueueMonitor);
    const codes = async (): Promise<string[]> =>
      (await monitor.overallHealth()).reasons.map(({ code, message }) => `${code} ${message.split(':')[0]}`);
    expect(await codes()).toEqual(['EVENTS_DEGRADED THREADS_MISSING', 'EVENTS_DEGRADED DEAD_LETTERS']);
    const bad = { ...BUSY_EVENTS.alerts[0]!, code: 'FULL', severity: 'unhealthy' as const };
    events.reading = { ...BUSY_EVENTS, status: 'unhealthy', alerts: [bad] };
    expect(await codes()).toEqual(['EVENTS_UNHEALTHY FULL']);
    const indicator = app.get(MessageQueueHealthIndicator);
    expect(await indicator.isHealthy('queues')).toMatchObject({
      queues: { status: 'down', unhealthy: ['EVENTS_UNHEALTHY'] },
    });
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  });

  it('tells the same sinks as every other alert, and is listed with them', async () => {
    const rules = { EventsDegraded: { forMs: 0, clearForMs: 0 }, EventsUnhealthy: { forMs: 0 } };
    await start(events, { operations: { ...PROBES.operations, alerts: { sinks: [told], rules } } });
    const watches = app.get(AlertWatches);
    await watches.turn();
    await watches.turn();
    const ours = (): string[] =>
      told.notices
        .filter(({ rule }) => rule.startsWith('Events'))
        .map(({ rule, status, severity, value }) => `${rule} ${status} ${severity} ${value}`);
    expect(ours()).toEqual(['EventsDegraded firing warning 2']);
    expect(told.notices[0]).toMatchObject({
      message: expect.stringContaining('THREADS_MISSING: 3 of 4') as string,
      runbook: 'docs/operations.md#eventsdegraded',
    });
    const { alerts } = await ask<AlertList>('/api/queue/alerts');
    expect(alerts).toMatchObject([{ id: 'EventsDegraded', state: 'firing', queue: null }]);
    events.reading = { ...BUSY_EVENTS, alerts: [] };
    await watches.turn();
    expect(ours()).toEqual(['EventsDegraded firing warning 2', 'EventsDegraded resolved warning 2']);
    expect((await ask<AlertList>('/api/queue/alerts')).alerts).toEqual([]);
  });

  it('is answered by REST as described, without content; its dead letters are replayed and discarded', async () => {
    await start(events, PROBES);
    const detail = await ask<EventsDetail>('/api/queue/events');
    expect(schemaProblems(detail, SCHEMAS['EventsDetail']!, SCHEMAS)).toEqual([]);
    expect(detail).toMatchObject({ process: { pid: process.pid }, events: { done: 500_681 } });
    expect(detail.deadLetters[0]).toEqual({
      ...{ id: 'k3f9a1-9s2', type: 'user.registered', error: 'DependencyUnavailableError' },
      ...{ attempts: 4, crashes: 0, at: '2026-11-28T14:25:28.000Z' },
    });
    expect((await ask<Overview>('/api/queue/overview')).events).toEqual({ status: 'degraded', alerts: 2 });
    expect(await (await send('events/dead-letters/replay', { ids: ['k3f9a1-9s2'] })).json()).toEqual({
      changed: 1,
    });
    expect((await send('events/dead-letters/discard', {})).status).toBe(400);
    const discarded = await send('events/dead-letters/discard', { reason: 'Ticket 4711' });
    expect(await discarded.json()).toEqual({ changed: 2 });
    const { entries } = await ask<AuditList>('/api/queue/audit');
    expect(entries.map(({ by, action, outcome }) => `${by} ${action} ${outcome}`)).toEqual([
      'ann discard done',
      'ann discard refused',
      'ann replay done',
    ]);
  });

  it('is nowhere to be seen where there is none', async () => {
    await start(null, PROBES);
    expect(await scrape()).not.toMatch(/message_queue_event(s_|_(?!loop_lag))/);
    expect(await ask('/api/queue/events')).toMatchObject({ events: null, deadLetters: [] });
    expect((await ask<Overview>('/api/queue/overview')).events).toBeNull();
    expect((await send('events/dead-letters/replay', {})).status).toBe(409);
    expect((await app.get(QueueMonitor).overallHealth()).reasons).toEqual([]);
  });
});
