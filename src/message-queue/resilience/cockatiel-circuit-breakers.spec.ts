import { Clock } from '../../kernel/time/clock.js';
import type { ClockTimer } from '../../kernel/time/clock.js';
import {
  CancelledError,
  CircuitOpenError,
  JobTimeoutError,
  RetryLater,
  UnrecoverableJobError,
} from '../jobs/errors.js';
import { JobEvents } from '../jobs/events/job-events.js';
import type { BreakerStatus } from '../ports/circuit-breakers.js';
import { DestinationBusyError } from '../ports/destination-errors.js';
import { CockatielCircuitBreakers } from './cockatiel-circuit-breakers.js';

class HandClock extends Clock {
  time = 1_000_000;
  now(): number {
    return this.time;
  }
  setTimer(): ClockTimer {
    throw new Error('Breakers need no timers.');
  }
}

describe('CockatielCircuitBreakers', () => {
  let clock: HandClock;
  let changes: string[];
  let breakers: CockatielCircuitBreakers;
  const down = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED'));
  const up = (): Promise<string> => Promise.resolve('sent');

  beforeEach(() => {
    clock = new HandClock();
    changes = [];
    const events = new JobEvents();
    events.on('breaker', ({ dependency, state }) => void changes.push(`${dependency} ${state}`));
    breakers = new CockatielCircuitBreakers(clock, { failureThreshold: 3, halfOpenAfterMs: 10_000 }, events);
  });

  const attempt = (call: () => Promise<unknown>, signal?: AbortSignal): Promise<unknown> =>
    breakers.run('smtp', call, { signal }).catch((error: unknown) => error);
  const fail = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await attempt(down);
  };
  const status = (): BreakerStatus => {
    const found = breakers.statuses().find(({ dependency }) => dependency === 'smtp');
    if (!found) throw new Error('no breaker');
    return found;
  };

  it('lets calls through, their results and their errors', async () => {
    await expect(breakers.run('smtp', up)).resolves.toBe('sent');
    await expect(breakers.run('smtp', down)).rejects.toThrow('connect ECONNREFUSED');
    expect(status()).toMatchObject({ state: 'CLOSED', failures: 1, openedAt: null, retryAfterMs: 0 });
  });

  it('opens after the threshold of failures in a row and then makes no call', async () => {
    await fail(2);
    await attempt(up);
    await fail(2);
    expect(status().state).toBe('CLOSED');
    await fail(1);
    expect(status()).toMatchObject({ state: 'OPEN', retryAfterMs: 10_000, openedAt: clock.time });
    expect(status().lastError).toBe('Error');
    clock.time += 4_000;
    const call = jest.fn(up);
    const error = await attempt(call);
    expect(error).toBeInstanceOf(CircuitOpenError);
    expect(error).toMatchObject({ dependency: 'smtp', retryAfterMs: 6_000 });
    expect(call).not.toHaveBeenCalled();
  });

  it('keeps other dependencies flowing', async () => {
    await fail(3);
    await expect(breakers.run('push', up)).resolves.toBe('sent');
    expect(breakers.statuses().map(({ dependency, state }) => [dependency, state])).toEqual([
      ['push', 'CLOSED'],
      ['smtp', 'OPEN'],
    ]);
  });

  it('lets exactly one probe through when half open; its success closes, the others wait meanwhile', async () => {
    await fail(3);
    clock.time += 10_000;
    let answer: (value: string) => void = () => undefined;
    const probe = attempt(() => new Promise<string>((resolve) => (answer = resolve)));
    expect(status().state).toBe('HALF_OPEN');
    const others = await Promise.all(Array.from({ length: 20 }, () => attempt(up)));
    expect(others.every((error) => error instanceof CircuitOpenError && error.retryAfterMs > 0)).toBe(true);
    answer('probe');
    await expect(probe).resolves.toBe('probe');
    await expect(attempt(up)).resolves.toBe('sent');
    expect(changes).toEqual(['smtp OPEN', 'smtp HALF_OPEN', 'smtp CLOSED']);
    expect(status()).toMatchObject({ failures: 0, lastError: null });
  });

  it('opens again for the whole time when the probe fails', async () => {
    await fail(3);
    clock.time += 10_000;
    await fail(1);
    expect(status()).toMatchObject({ state: 'OPEN', retryAfterMs: 10_000 });
    expect(changes).toEqual(['smtp OPEN', 'smtp HALF_OPEN', 'smtp OPEN']);
  });

  it.each([
    ['UnrecoverableJobError', new UnrecoverableJobError('no such mailbox')],
    ['RetryLater', new RetryLater(5)],
  ])('takes %s for an answer', async (_name, error) => {
    await fail(2);
    await attempt(() => Promise.reject(error));
    await fail(2);
    expect(status().state).toBe('CLOSED');
  });

  it('counts a call that hangs until the job times out, and waits for it to settle', async () => {
    const controller = new AbortController();
    await fail(2);
    let settle: (value: string) => void = () => undefined;
    const hanging = attempt(() => new Promise<string>((resolve) => (settle = resolve)), controller.signal);
    controller.abort(new JobTimeoutError('too slow'));
    await new Promise(setImmediate);
    expect(status().state).toBe('OPEN');
    settle('late');
    await expect(hanging).resolves.toBe('late');
  });

  it('does not count a call whose job was cancelled, but does not let it prove anything either', async () => {
    const cancelled = async (): Promise<void> => {
      const controller = new AbortController();
      const running = attempt(
        () =>
          new Promise((_resolve, reject) =>
            controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error)),
          ),
        controller.signal,
      );
      controller.abort(new CancelledError('not needed any more'));
      await running;
    };
    await fail(2);
    await cancelled();
    expect(status()).toMatchObject({ state: 'CLOSED', failures: 2 });
    await fail(1);
    clock.time += 10_000;
    await cancelled();
    expect(status()).toMatchObject({ state: 'OPEN', retryAfterMs: 10_000 });
  });

  it('makes no call for a job that is aborted already', async () => {
    const call = jest.fn(up);
    const reason = new CancelledError('gone');
    await expect(breakers.run('smtp', call, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(call).not.toHaveBeenCalled();
  });

  it('survives a call that throws before it returns a promise', async () => {
    const thrown = await attempt(() => {
      throw new Error('sync');
    });
    expect(thrown).toMatchObject({ message: 'sync' });
    expect(status().failures).toBe(1);
  });

  it('takes settings per dependency and the word of the host on errors', async () => {
    breakers = new CockatielCircuitBreakers(clock, {
      dependencies: { sms: { failureThreshold: 1, isFailure: (e) => (e as Error).message !== 'quota' } },
    });
    await breakers.run('sms', () => Promise.reject(new Error('quota'))).catch(() => undefined);
    expect(breakers.statuses()[0]?.state).toBe('CLOSED');
    await breakers.run('sms', down).catch(() => undefined);
    expect(breakers.statuses()[0]?.state).toBe('OPEN');
  });

  it('counts a failure for the innermost dependency of nested calls only', async () => {
    const nested = (): Promise<unknown> =>
      breakers.run('hooks', () => attemptAt('one.example')).catch(() => null);
    const attemptAt = (host: string): Promise<never> => breakers.run(`webhook:${host}`, down);
    for (let i = 0; i < 5; i++) await nested();
    const states = breakers
      .statuses()
      .map(({ dependency, state, failures }) => [dependency, state, failures]);
    expect(states).toEqual([
      ['hooks', 'CLOSED', 0],
      ['webhook:one.example', 'OPEN', 3],
    ]);
    // Its own errors count as before.
    for (let i = 0; i < 3; i++) await breakers.run('hooks', down).catch(() => null);
    expect(breakers.statuses()[0]?.state).toBe('OPEN');
  });

  it('keeps a bounded number of breakers, and open ones for good', async () => {
    await fail(3);
    for (let i = 0; i < 1_500; i++) await breakers.run(`webhook:${i}.example`, up);
    expect(breakers.statuses().length).toBe(1_000);
    expect(status().state).toBe('OPEN');
  });

  it('keeps a bounded number also where each remembers a failure, and forgets those of the kind that has most', async () => {
    await fail(3);
    for (let i = 0; i < 1_500; i++) await breakers.run(`webhook:${i}.example`, down).catch(() => null);
    const names = breakers.statuses().map(({ dependency }) => dependency);
    expect(names.length).toBe(1_000);
    expect(names).toEqual(expect.arrayContaining(['smtp', 'webhook:1499.example']));
    expect(names).not.toContain('webhook:0.example');
    expect(status().state).toBe('OPEN');
  });

  it('counts no destination that is busy against the service that others share', async () => {
    const busy = (): Promise<never> => Promise.reject(new DestinationBusyError('It greylists.'));
    for (let i = 0; i < 9; i++) await attempt(busy);
    expect(status()).toMatchObject({ state: 'CLOSED', failures: 0 });
  });
});
