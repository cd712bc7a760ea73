import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import { HostCode } from '../../../kernel/host/host-code.js';
import { JobEvents } from './job-events.js';

const place = { queue: 'q', job: 'j', jobId: '1' };

describe('JobEvents', () => {
  let logged: jest.SpyInstance;
  beforeEach(() => (logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined)));
  afterEach(() => logged.mockRestore());

  it('tells every listener of that event, in order, until it is taken away', () => {
    const events = new JobEvents();
    const heard: string[] = [];
    const off = events.on('drained', ({ queue }) => void heard.push(`a ${queue}`));
    events.on('drained', ({ queue }) => void heard.push(`b ${queue}`));
    events.on('stalled', () => void heard.push('wrong event'));
    events.emit('drained', { queue: 'x' });
    off();
    events.emit('drained', { queue: 'y' });
    expect(heard).toEqual(['a x', 'b x', 'b y']);
  });

  it('knows once, and whether anyone listens', () => {
    const events = new JobEvents();
    let count = 0;
    events.once('drained', () => {
      count++;
    });
    expect(events.has('drained')).toBe(true);
    events.emit('drained', { queue: 'x' });
    events.emit('drained', { queue: 'x' });
    expect(count).toBe(1);
    expect(events.has('drained')).toBe(false);
  });

  it('is not disturbed by listeners that throw or reject', async () => {
    const host = new HostCode();
    const events = new JobEvents(host);
    let reached = false;
    events.on('enqueued', () => {
      throw new Error('boom');
    });
    events.on('enqueued', async () => Promise.reject(new Error('later')));
    events.on('enqueued', () => {
      reached = true;
    });
    events.emit('enqueued', place);
    await new Promise((resolve) => setImmediate(resolve));
    expect(reached).toBe(true);
    expect(host.failuresOf('q', 1_000)).toEqual({ count: 2, recent: ['a listener of "enqueued"'] });
    // Those of one kind share a line.
    expect(logged).toHaveBeenCalledTimes(1);
  });

  it('keeps listeners out of the request that an event comes from', () => {
    const events = new JobEvents();
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    events.on('enqueued', () => void seen.push(storage.getStore()));
    storage.run('a request', () => events.emit('enqueued', place));
    expect(seen).toEqual([undefined]);
  });

  it('lets the same listener be added twice and taken away once', () => {
    const events = new JobEvents();
    let count = 0;
    const listener = (): void => {
      count++;
    };
    events.on('drained', listener);
    events.on('drained', listener)();
    events.emit('drained', { queue: 'x' });
    expect(count).toBe(1);
    events.removeAll();
    events.emit('drained', { queue: 'x' });
    expect(count).toBe(1);
  });
});
