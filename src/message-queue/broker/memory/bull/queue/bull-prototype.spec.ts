import Bull from 'bull';
import { UnsupportedOperationError } from '../../../../jobs/errors.js';
import { bullMethodNames } from './bull-prototype.js';
import { MemoryQueue } from './memory-queue.js';

/** Parts of Bull's inside that have no meaning without Redis. Everything else has to be there. */
const REFUSED = [
  '_clearTimers',
  '_commandByType',
  '_initProcess',
  '_processJobOnNextTick',
  '_setupQueueEventListeners',
  'moveToActive',
  'moveUnlockedJobsToWait',
  'multi',
  'processJob',
  'processJobs',
  'startMoveUnlockedJobsToWait',
  'updateDelayTimer',
];

describe('MemoryQueue beside Bull.prototype', () => {
  const queue = new MemoryQueue('walk');
  const methods = queue as unknown as Record<string, (...args: unknown[]) => unknown>;

  afterAll(() => queue.close());

  it('is a Bull queue to whoever asks', () => {
    expect(queue).toBeInstanceOf(Bull);
    expect(queue.constructor.name).toBe('MemoryQueue');
  });

  it.each(bullMethodNames())('%s: has its own, never falls through to Bull’s code', (name) => {
    const bulls = (Bull as unknown as { prototype: Record<string, unknown> }).prototype[name];
    expect(typeof methods[name]).toBe('function');
    // `off` is the emitter's own in Bull too.
    if (name !== 'off') expect(methods[name]).not.toBe(bulls);
  });

  it.each(REFUSED)('%s: is refused with an error that names it', (name) => {
    const refused = (): unknown => methods[name]?.call(queue);
    expect(refused).toThrow(UnsupportedOperationError);
    expect(refused).toThrow(`${name}()`);
    expect(refused).toThrow('"walk"');
  });

  it('implements every method that is not refused', () => {
    const implemented = bullMethodNames().filter((name) => !REFUSED.includes(name));
    const refusing = implemented.filter((name) => methods[name]?.name === 'refuse');
    expect(refusing).toEqual([]);
    expect(implemented.length).toBeGreaterThan(55);
  });

  it('refuses a handler given as a file path, saying what to give', () => {
    expect(() => queue.process('/handlers/mail.js')).toThrow(UnsupportedOperationError);
    expect(() => queue.process('/handlers/mail.js')).toThrow('Give process() a function');
  });

  it('has a client that answers info() and refuses commands by name', async () => {
    await expect(queue.client.info()).resolves.toContain('used_memory:');
    expect(() => queue.client.hgetall('x')).toThrow(UnsupportedOperationError);
    expect(() => queue.client.hgetall('x')).toThrow('"hgetall"');
    expect(await (queue.client as unknown as Promise<unknown>)).toBe(queue.client);
  });
});
