import { advancesStatus, isDeliveryStatus } from './delivery-status.js';
import type { DeliveryStatus } from './delivery-status.js';

const at = (seconds: number): Date => new Date(seconds * 1000);

describe('advancesStatus', () => {
  it.each<[DeliveryStatus, DeliveryStatus, boolean]>([
    ['pending', 'sent', true],
    ['pending', 'delivered', true],
    ['pending', 'read', true],
    ['pending', 'failed', true],
    ['pending', 'pending', false],
    ['sent', 'pending', false],
    ['sent', 'sent', false],
    ['sent', 'delivered', true],
    ['sent', 'read', true],
    ['sent', 'failed', true],
    ['delivered', 'sent', false],
    ['delivered', 'delivered', false],
    ['delivered', 'read', true],
    ['delivered', 'failed', false],
    ['read', 'sent', false],
    ['read', 'delivered', false],
    ['read', 'read', false],
    ['read', 'failed', false],
    ['failed', 'failed', false],
    ['failed', 'delivered', true],
    ['failed', 'read', true],
  ])('%s → %s: %s', (current, next, expected) => {
    expect(advancesStatus({ status: current, at: at(2) }, { status: next, at: at(3) })).toBe(expected);
    if (current !== 'failed' || next !== 'failed') {
      expect(advancesStatus({ status: current, at: at(2) }, { status: next, at: at(1) })).toBe(expected);
    }
  });

  it.each(['sent', 'pending'] as const)(
    'lets "%s" replace "failed" only when it is not older: a replay, not a late report',
    (status) => {
      const failed = { status: 'failed', at: at(2) } as const;
      expect(advancesStatus(failed, { status, at: at(1) })).toBe(false);
      expect(advancesStatus(failed, { status, at: at(2) })).toBe(true);
      expect(advancesStatus(failed, { status, at: at(3) })).toBe(true);
    },
  );

  it('knows its values', () => {
    expect(['pending', 'sent', 'delivered', 'read', 'failed'].every(isDeliveryStatus)).toBe(true);
    expect([undefined, null, 'seen', 1].some(isDeliveryStatus)).toBe(false);
  });
});
