import { defineQueue } from './queue-definition.js';
import { QUEUE_DEFAULTS } from './queue-settings.js';

class Payload {}

const input = {
  name: 'files',
  description: 'Files.',
  jobs: { resize: Payload },
  concurrency: 2,
  attempts: 3,
  backoff: { type: 'fixed', delayMs: 10 },
  timeoutMs: 1000,
} as const;

describe('defineQueue', () => {
  it('fills in the library-wide defaults and freezes the definition', () => {
    const definition = defineQueue(input);
    expect(definition).toEqual({ ...input, ...QUEUE_DEFAULTS });
    expect(Object.isFrozen(definition)).toBe(true);
  });

  it('keeps what was given, retention field by field', () => {
    const { maxWaiting, retention } = defineQueue({
      ...input,
      maxWaiting: 5,
      retention: { completedCount: 7 },
    });
    expect(maxWaiting).toBe(5);
    expect(retention).toEqual({ ...QUEUE_DEFAULTS.retention, completedCount: 7 });
  });
});
