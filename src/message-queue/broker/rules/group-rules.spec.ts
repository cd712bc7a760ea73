import type { FlowPolicy } from '../../jobs/flow/flow-policy.js';
import { groupRules, tenantLimit } from './group-rules.js';

describe('groupRules', () => {
  it.each<[what: string, flow: FlowPolicy, name: string, rules: object]>([
    [
      'strict order, in which a dead letter parks',
      { key: {} },
      'k:a',
      { slots: 1, freesAtStart: false, isOrdered: true, parks: true, holdsDelayed: false },
    ],
    [
      'strict order that goes on',
      { key: { onDeadLetter: 'skip' } },
      'k:a',
      { isOrdered: true, parks: false },
    ],
    ['delayed jobs in order', { key: { delays: 'hold' } }, 'k:a', { holdsDelayed: true }],
    [
      'several slots, which are no order',
      { key: { concurrency: 3, delays: 'hold' } },
      'k:a',
      { slots: 3, isOrdered: false, parks: false, holdsDelayed: false },
    ],
    ['one turn of each tenant', { tenant: {} }, 't:a', { slots: 1, freesAtStart: true, isOrdered: false }],
    ['turns of a tenant', { tenant: { weight: 2, weights: { a: 5 } } }, 't:a', { slots: 5 }],
    ['turns of the other tenants', { tenant: { weight: 2, weights: { a: 5 } } }, 't:b', { slots: 2 }],
    ['a tenant named like what objects have', { tenant: { weights: {} } }, 't:constructor', { slots: 1 }],
    ['slots of tenants', { tenant: { concurrency: 20 } }, 't:a', { slots: 20, freesAtStart: false }],
    ['one batch at a time', {}, 'b:digest:a', { slots: 1, freesAtStart: false, isOrdered: false }],
  ])('says %s', (_what, flow, name, rules) => {
    expect(groupRules(flow, name)).toMatchObject(rules);
  });

  it('lets half of all that may wait be of one tenant', () => {
    expect(tenantLimit({}, 1_001)).toBe(500);
    expect(tenantLimit({}, 1)).toBe(1);
    expect(tenantLimit({ maxWaiting: 7 }, 1_000)).toBe(7);
  });
});
