import { Logger } from '@nestjs/common';
import { HostCode } from '../../kernel/host/host-code.js';
import { JobEvents } from '../jobs/events/job-events.js';
import { DeadLetterAlerts } from './dead-letter-alerts.js';
import { DeadLetterNotifier } from './dead-letter-notifier.js';
import type { DeadLetterNotice } from './dead-letter-notifier.js';

class RecordingNotifier extends DeadLetterNotifier {
  readonly notices: DeadLetterNotice[] = [];
  answer: () => void | Promise<void> = () => undefined;

  notify(notice: DeadLetterNotice): void | Promise<void> {
    this.notices.push(notice);
    return this.answer();
  }
}

describe('DeadLetterAlerts', () => {
  const events = new JobEvents();
  let notifier: RecordingNotifier;
  let alerts: DeadLetterAlerts;
  let logged: string[];

  beforeEach(() => {
    notifier = new RecordingNotifier();
    alerts = new DeadLetterAlerts(events, notifier, new HostCode());
    logged = [];
    jest
      .spyOn(Logger.prototype, 'error')
      .mockImplementation((text: unknown) => void logged.push(String(text)));
  });
  afterEach(async () => {
    await alerts.onApplicationShutdown();
    jest.restoreAllMocks();
  });

  const die = (jobId: string): void => {
    events.emit('deadLettered', {
      queue: 'mail',
      job: 'send',
      jobId,
      attempt: 3,
      correlationId: 'c-1',
      error: new Error('secret text'),
      failure: { at: 1, attempt: 3, kind: 'error', error: 'TypeError', message: 'no route' },
    });
  };

  it('passes each dead letter on, once', () => {
    die('m_1');
    expect(notifier.notices).toEqual([
      {
        queue: 'mail',
        job: 'send',
        id: 'm_1',
        attempts: 3,
        correlationId: 'c-1',
        failure: { at: 1, attempt: 3, kind: 'error', error: 'TypeError', message: 'no route' },
      },
    ]);
  });

  it.each([
    [
      'throws',
      (): void => {
        throw new Error('pager down');
      },
    ],
    ['rejects', (): Promise<void> => Promise.reject(new Error('pager down'))],
  ])('logs a notifier that %s', async (_how, answer) => {
    notifier.answer = answer;
    die('m_1');
    await alerts.onApplicationShutdown();
    expect(logged).toEqual([expect.stringContaining('DeadLetterNotifier.notify() of queue "mail"')]);
  });

  it('waits no longer than 10 s for a notifier that never answers, also when the app stops', async () => {
    jest.useFakeTimers();
    notifier.answer = () => new Promise<void>(() => undefined);
    die('m_1');
    const closing = alerts.onApplicationShutdown();
    await jest.advanceTimersByTimeAsync(10_000);
    jest.useRealTimers();
    await closing;
    expect(logged).toEqual([expect.stringContaining('DeadLetterNotifier.notify()')]);
  });

  it('keeps a bounded number of notices on their way, counts the rest, and waits for them at shutdown', async () => {
    const release: (() => void)[] = [];
    notifier.answer = () => new Promise((resolve) => release.push(resolve));
    for (let i = 0; i < 150; i++) die(`m_${i}`);
    expect(notifier.notices).toHaveLength(100);
    let closed = false;
    const closing = alerts.onApplicationShutdown().then(() => (closed = true));
    await new Promise(setImmediate);
    expect(closed).toBe(false);
    release.forEach((resolve) => resolve());
    await closing;
    expect(logged).toEqual(['50 more jobs became dead letters while 100 notices were on their way.']);
    die('m_late');
    expect(notifier.notices).toHaveLength(100);
  });
});
