import { Logger } from '@nestjs/common';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import { JobEnds } from './job-end.js';
import type { JobEnd } from './job-end.js';
import { JobEvents } from './job-events.js';

const job = { queue: 'q', job: 'j', jobId: '1', attempt: 2, correlationId: 'c', payload: { secret: 1 } };
const cancelled: JobEnd = { ...job, outcome: 'cancelled', reason: 'no need' };

describe('JobEnds', () => {
  let events: JobEvents;
  let clock: ManualClock;
  let ends: JobEnds;
  let logged: jest.SpyInstance;

  beforeEach(() => {
    events = new JobEvents();
    clock = new ManualClock();
    ends = new JobEnds(events, clock);
    logged = jest.spyOn(Logger.prototype, 'error').mockImplementation();
  });
  afterEach(() => logged.mockRestore());

  it('tells the listeners of the queue, and the event without the payload', () => {
    const heard: unknown[] = [];
    ends.listen('q', 'A', { onJobEnd: (end) => void heard.push(end) });
    ends.listen('other', 'B', { onJobEnd: () => void heard.push('other') });
    events.on('cancelled', (event) => void heard.push(event));
    ends.tell(cancelled);
    const place = { queue: 'q', job: 'j', jobId: '1', attempt: 2, correlationId: 'c' };
    expect(heard).toEqual([{ ...place, reason: 'no need' }, cancelled]);
  });

  it('tells of a job that expired, and of nothing else', () => {
    const heard: unknown[] = [];
    const { payload: _payload, ...place } = job;
    ends.listen('q', 'A', { onJobEnd: (end) => void heard.push(end) });
    for (const name of ['expired', 'cancelled', 'deadLettered', 'shredded', 'completed'] as const) {
      events.on(name, (event) => void heard.push([name, event]));
    }
    ends.tell({ ...job, outcome: 'expired' });
    expect(heard).toEqual([['expired', place], { ...job, outcome: 'expired' }]);
  });

  it('reads a result only for those who look at it', () => {
    let reads = 0;
    events.on('completed', () => undefined);
    ends.tell({
      ...job,
      outcome: 'completed',
      durationMs: 1,
      get result() {
        return (reads += 1);
      },
    });
    expect(reads).toBe(0);
  });

  it('logs a listener that throws or rejects, and goes on with the others', async () => {
    const heard: string[] = [];
    ends.listen('q', 'Thrower', {
      onJobEnd: () => {
        throw new Error('at once');
      },
    });
    ends.listen('q', 'Rejecter', { onJobEnd: () => Promise.reject(new Error('later')) });
    ends.listen('q', 'Hearer', { onJobEnd: () => void heard.push('heard') });
    ends.tell(cancelled);
    await ends.settled();
    expect(heard).toEqual(['heard']);
    expect(logged.mock.calls.map(([line]: [string]) => /onJobEnd of (\w+)/.exec(line)?.[1])).toEqual([
      'Thrower',
      'Rejecter',
    ]);
    expect(JSON.stringify(logged.mock.calls)).not.toContain('secret');
  });

  it('waits for those under way, but for none longer than 10 s', async () => {
    ends.listen('q', 'Hanger', { onJobEnd: () => new Promise(() => undefined) });
    ends.tell(cancelled);
    let settled = false;
    const waiting = ends.settled().then(() => (settled = true));
    await clock.advance(9_999);
    expect(settled).toBe(false);
    await clock.advance(1);
    await waiting;
    expect(logged).toHaveBeenCalledTimes(1);
    expect(clock.pendingTimers).toBe(0);
  });
});
