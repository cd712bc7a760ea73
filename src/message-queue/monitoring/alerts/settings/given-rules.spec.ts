import { Refusal } from '../../../../kernel/values/kind.js';
import { limitsOf } from './alert-limits.js';
import { givenRules } from './given-rules.js';
import type { GivenRules } from './given-rules.js';

const CHAT = { name: 'chat', timeoutMs: 30_000 };
const SLOW = { name: 'slow', timeoutMs: 600_000 };

describe('rules as a host gives them', () => {
  it('keep the defaults of what is not said', () => {
    expect(limitsOf('QueueDepthHigh', CHAT, {})).toEqual({
      ...{ severity: 'warning', above: 1_000, forMs: 300_000, clear: 800, clearForMs: 120_000 },
    });
    expect(limitsOf('QueueDepthHigh', CHAT, { QueueDepthHigh: { above: 50 } })).toMatchObject({
      ...{ above: 50, clear: 40, forMs: 300_000 },
    });
  });

  it('are switched off, all of one or for the queues that are named otherwise', () => {
    expect(limitsOf('NoWorker', CHAT, { NoWorker: false })).toBeNull();
    const rules: GivenRules = {
      QueueDepthHigh: [{ forMs: 0 }, { queues: ['slow'], above: 9_000, severity: 'critical' }],
    };
    expect(limitsOf('QueueDepthHigh', CHAT, rules)).toMatchObject({ above: 1_000, forMs: 0 });
    expect(limitsOf('QueueDepthHigh', SLOW, rules)).toMatchObject({
      ...{ above: 9_000, clear: 7_200, forMs: 0, severity: 'critical' },
    });
  });

  it('of several that speak of a queue keep what only one says, and are never over while they are wrong', () => {
    const raised = [{ above: 5_000 }, { queues: ['slow'], clear: 3_000, above: undefined }];
    expect(givenRules().read({ QueueDepthHigh: raised })).not.toBeInstanceOf(Refusal);
    const limits = (of: typeof CHAT) => limitsOf('QueueDepthHigh', of, { QueueDepthHigh: raised });
    expect(limits(SLOW)).toMatchObject({ above: 5_000, clear: 3_000 });
    expect(limits(CHAT)).toMatchObject({ above: 5_000, clear: 4_000 });
    const lowered: GivenRules = { QueueDepthHigh: [{ clear: 800 }, { queues: ['slow'], above: 100 }] };
    expect(limitsOf('QueueDepthHigh', SLOW, lowered)).toMatchObject({ above: 100, clear: 100 });
  });

  it('take half of the timeout for run times where that is more, unless the host says what counts', () => {
    expect(limitsOf('RunTimeHigh', CHAT, {})?.above).toBe(15_000);
    expect(limitsOf('RunTimeHigh', SLOW, {})?.above).toBe(300_000);
    expect(limitsOf('RunTimeHigh', { name: 'quick', timeoutMs: 5_000 }, {})?.above).toBe(10_000);
    expect(limitsOf('RunTimeHigh', SLOW, { RunTimeHigh: { above: 1_000 } })?.above).toBe(1_000);
  });

  it.each([
    ['QueueDepthHihg', { QueueDepthHihg: false }, 'did you mean QueueDepthHigh?'],
    ['a value', { NoWorker: true }, 'NoWorker must be false, an object, or a list of objects'],
    ['a key', { NoWorker: { over: 3 } }, 'NoWorker has no "over"'],
    ['a number', { NoWorker: { forMs: -1 } }, 'NoWorker.forMs must be'],
    ['a severity', { NoWorker: { severity: 'fatal' } }, 'NoWorker.severity must be'],
    ['no queues', { NoWorker: { queues: [] } }, 'NoWorker.queues must be a list'],
    ['queues of a rule of none', { WorkerLost: { queues: ['chat'] } }, 'which is of no queue'],
    ['the limits', { QueueDepthHigh: { clear: 1_001 } }, 'QueueDepthHigh.clear must be at most above (1000)'],
    ['one of a list', { NoWorker: [{}, { clear: 3, above: 2 }] }, 'at most above (2)'],
  ])('are refused where %s is wrong', (_what, given, message) => {
    const found = givenRules().read(given);
    expect(found).toBeInstanceOf(Refusal);
    expect((found as Refusal).reason).toContain(message);
  });

  it('are an object', () => {
    expect([null, [], 'NoWorker', 3].map((one) => givenRules().read(one) instanceof Refusal)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});
