import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import {
  BufferedEventBusService,
  BufferedEventsModule,
  EventListener,
  OnEvent,
} from '../../src/buffered-events/index.js';
import { MessageQueueModule } from '../../src/message-queue/index.js';
import { QueueMonitor } from '../../src/message-queue/monitoring/queue-monitor.js';
import type { EventsDetail } from '../../src/message-queue/operations/rest/event-answers.js';
import { HostApps } from '../support/host-app.js';
import { lintMetrics, parseMetrics } from '../support/metrics-lint.js';
import { waitUntil } from '../support/wait-until.js';

const SECRET = 'ann@example.org';

@EventListener()
class Listener {
  static isMended = false;

  @OnEvent('user.registered')
  registered(event: { readonly email: string; readonly isBad: boolean }): void {
    if (event.isBad && !Listener.isMended) throw new TypeError(`No mail for ${event.email}`);
  }
}

/** Both modules in one app, on memory; handlers run in the app's thread. */
@Module({
  imports: [
    BufferedEventsModule.forRoot({ workerCount: 0, retryAttempts: 0 }),
    MessageQueueModule.forRoot({
      ...{ provider: 'memory', environment: 'test' },
      operations: { access: () => ({ name: 'ann', role: 'operator' }) },
    }),
  ],
  providers: [Listener],
})
class BothModule {}

describe('Buffered events beside the queues', () => {
  const apps = new HostApps();
  let app: INestApplication;
  let bus: BufferedEventBusService;
  let url: string;

  beforeEach(async () => {
    Listener.isMended = false;
    app = await apps.start({ imports: [BothModule] });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    bus = app.get(BufferedEventBusService);
  });
  afterEach(() => apps.close());

  const post = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${url}/api/queue/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.json();
  };
  const look = async (): Promise<EventsDetail> =>
    (await (await fetch(`${url}/api/queue/events`)).json()) as EventsDetail;
  const emitAll = async (): Promise<void> => {
    for (const isBad of [false, false, true]) {
      await bus.emitEvent('user.registered', { email: SECRET, isBad }, { priority: 'critical' });
    }
    await waitUntil(async () => (await look()).events?.size === 0, 'the events');
  };

  it('are counted in the same scrape, and judged in the same health', async () => {
    expect((await app.get(QueueMonitor).overallHealth()).status).toBe('healthy');
    await emitAll();
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(lintMetrics(text)).toEqual([]);
    const values = (name: string): readonly number[] | undefined =>
      parseMetrics(text)
        .find((family) => family.name === `message_queue_${name}`)
        ?.samples.map(({ value }) => value);
    expect(values('events_emitted_total')).toEqual([3, 0, 0]);
    expect(values('events_handled_total')).toEqual([0, 2]);
    expect(values('event_runs_failed_total')).toEqual([0, 1]);
    expect(values('event_dead_letters')).toEqual([1]);
    expect(values('event_wait_seconds')?.at(-1)).toBe(3);
    const { status, reasons } = await app.get(QueueMonitor).overallHealth();
    expect(status).toBe('degraded');
    expect(reasons.map(({ message }) => message.split(':')[0])).toEqual(['FAILURES', 'DEAD_LETTERS']);
    expect((await bus.getHealthStatus()).alerts.map(({ code }) => code)).toEqual([
      'FAILURES',
      'DEAD_LETTERS',
    ]);
  });

  it('are shown without content, and what was given up is replayed or discarded there', async () => {
    await emitAll();
    const seen = await look();
    expect(seen.deadLetters).toMatchObject([{ type: 'user.registered', error: 'TypeError', attempts: 1 }]);
    expect(JSON.stringify(seen)).not.toContain(SECRET);
    expect(await post('events/dead-letters/replay', {})).toEqual({ changed: 1 });
    await waitUntil(async () => (await look()).deadLetters.length === 1, 'the same failure');
    Listener.isMended = true;
    const [{ id } = { id: '' }] = (await look()).deadLetters;
    expect(await post('events/dead-letters/replay', { ids: [id] })).toEqual({ changed: 1 });
    await waitUntil(() => bus.getMetrics().queueMetrics.totalProcessed === 3, 'the mended event');
    Listener.isMended = false;
    await bus.emitEvent('user.registered', { email: SECRET, isBad: true });
    await waitUntil(() => bus.getDeadLetterQueue().length === 1, 'a dead letter');
    expect(await post('events/dead-letters/discard', { reason: 'ticket-4711' })).toEqual({ changed: 1 });
    expect(bus.getDeadLetterQueue()).toEqual([]);
  });
});
