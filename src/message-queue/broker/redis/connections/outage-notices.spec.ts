import { BrokerUnavailableError } from '../../../jobs/errors.js';
import { OutageNotices } from './outage-notices.js';

describe('OutageNotices', () => {
  let now: number;
  let told: string[];
  let notices: OutageNotices;
  const refused = (): Error => new Error('connect ECONNREFUSED 127.0.0.1:6379');

  beforeEach(() => {
    now = 0;
    told = [];
    const tell = (message: string): void => void told.push(message);
    notices = new OutageNotices({ failed: tell, recovered: tell }, () => now);
  });

  it('tells each error once per half minute, however many connections fail, and when it is over', () => {
    for (now = 0; now < 59_000; now += 20) notices.failed(refused());
    expect(told).toEqual(
      Array.from({ length: 2 }, () =>
        expect.stringMatching(/^A connection to Redis failed: connect ECONNREFUSED.*Check/),
      ),
    );
    notices.failed(new Error('read ECONNRESET'));
    expect(told).toHaveLength(3);
    notices.ready(59_200);
    expect(told.slice(3)).toEqual(['Redis answers again, after 59 s.']);
  });

  it('says nothing when connections open as they should, and tells of the next outage at once', () => {
    notices.ready(20);
    expect(told).toEqual([]);
    notices.failed(refused());
    notices.ready(20);
    notices.ready(20);
    notices.failed(refused());
    expect(told).toHaveLength(3);
  });

  it('leaves errors that say what to do as they are', () => {
    notices.failed(new BrokerUnavailableError('Set REDIS_TLS_CA.'));
    expect(told).toEqual(['Set REDIS_TLS_CA.']);
  });
});
