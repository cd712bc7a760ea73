import { setImmediate as turn } from 'node:timers/promises';
import { waitUntil } from '../../../../../../test/support/wait-until.js';
import { Availability } from './availability.js';

describe('whether Redis is known to be away', () => {
  let availability: Availability;

  beforeEach(() => {
    availability = new Availability();
    availability.opened();
  });
  afterEach(() => availability.end());

  it('is not, while the event loop is blocked: the answer may be here already', async () => {
    blockFor(1_200);
    await turn();
    expect(availability.isAway).toBe(false);
  });

  it('is, once no connection has come for a second', async () => {
    await waitUntil(() => availability.isAway, 'Redis to count as away');
  });

  it('is at once when the first attempt fails, and no more when one succeeds', () => {
    availability.closed();
    expect(availability.isAway).toBe(true);
    availability.ready();
    expect(availability.isAway).toBe(false);
  });

  it('is when the attempt after a lost connection fails', () => {
    availability.ready();
    availability.closed();
    expect(availability.isAway).toBe(false);
    availability.closed();
    expect(availability.isAway).toBe(true);
  });
});

function blockFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
