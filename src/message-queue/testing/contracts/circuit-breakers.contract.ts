import assert from 'node:assert/strict';
import { CircuitOpenError, RetryLater, UnrecoverableJobError } from '../../jobs/errors.js';
import type { CircuitBreakers } from '../../ports/circuit-breakers.js';
import { declareContract } from './contract-runner.js';
import type { ContractRunner, CreateSubject } from './contract-runner.js';

/** Breakers, and what brings one of them to open. */
export interface CircuitBreakersSubject {
  readonly breakers: CircuitBreakers;
  /** Opens a dependency's breaker, for longer than a test takes: by failing calls, or by hand. */
  readonly open: (dependency: string) => void | Promise<void>;
}

/** The contract of every CircuitBreakers. @param create breakers that nobody has asked for, for each test */
export function circuitBreakersContract(
  create: CreateSubject<CircuitBreakersSubject>,
  runner?: ContractRunner,
): void {
  declareContract('CircuitBreakers', create, runner, (test) => {
    test('gives what the call gives, and throws what it throws', async ({ breakers }) => {
      const failure = new Error('down');
      assert.equal(await breakers.run('smtp', () => Promise.resolve('sent')), 'sent');
      const thrown = breakers.run('smtp', () => Promise.reject(failure));
      await assert.rejects(thrown, (error) => error === failure);
    });

    test('refuses calls while it is open, and says for how long', async ({ breakers, open }) => {
      await open('smtp');
      let calls = 0;
      const refused = breakers.run('smtp', async () => (calls += 1));
      await assert.rejects(refused, (error) => error instanceof CircuitOpenError && error.retryAfterMs > 0);
      assert.equal(calls, 0);
    });

    test('lets calls to other dependencies through', async ({ breakers, open }) => {
      await open('smtp');
      assert.equal(await breakers.run('sms', () => Promise.resolve('sent')), 'sent');
    });

    test('stays closed when the dependency answers, however often it says no', async ({ breakers }) => {
      for (let call = 0; call < 50; call += 1) {
        const error = call % 2 === 0 ? new UnrecoverableJobError('no') : new RetryLater(1_000, 'not now');
        await assert.rejects(
          breakers.run('smtp', () => Promise.reject(error)),
          (thrown) => thrown === error,
        );
      }
      assert.equal(await breakers.run('smtp', () => Promise.resolve('sent')), 'sent');
    });

    test('counts an error for the innermost dependency of nested calls', async ({ breakers }) => {
      for (let call = 0; call < 50; call += 1) {
        const nested = breakers.run('hooks', () =>
          breakers.run('hooks:one', () => Promise.reject(new Error('down'))),
        );
        await assert.rejects(nested);
      }
      assert.equal(await breakers.run('hooks', () => Promise.resolve('sent')), 'sent');
    });

    test('tells the state of every breaker that was asked for, by name', async ({ breakers, open }) => {
      assert.deepEqual(breakers.statuses(), []);
      await open('smtp');
      await breakers.run('smtp', () => Promise.resolve()).catch(() => undefined);
      await breakers.run('push', () => Promise.resolve());
      const [push, smtp, ...others] = breakers.statuses();
      assert.deepEqual(others, []);
      assert.deepEqual([push?.dependency, push?.state, push?.retryAfterMs], ['push', 'CLOSED', 0]);
      assert.deepEqual([smtp?.dependency, smtp?.state], ['smtp', 'OPEN']);
      assert.ok((smtp?.retryAfterMs ?? 0) > 0);
    });
  });
}
