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

  it('tells each kind of refusal once per half minute, over all queues, and when it is over', () => {
    const reply = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });
    for (now = 0; now < 59_000; now += 20) {
      for (const queue of ['chat', 'mail']) {
        notices.refused(reply("NOPERM User chat has no permissions to run the 'evalsha' command"), queue);
        notices.refused(reply('WRONGTYPE Operation against a key'), queue);
      }
      // A connection that is opened anew for each refusal is no recovery.
      notices.ready(0);
      notices.taken();
    }
    expect(told).toHaveLength(2 * 3);
    expect(told[0]).toMatch(
      /^Redis refuses calls: NOPERM User chat .* command\. Grant it .* They are tried again/,
    );
    expect(told[3]).toMatch(/\(2999 more times since it was last reported\.\)$/);
    now += 3_000;
    notices.taken();
    notices.taken();
    expect(told.slice(6)).toEqual(['Redis takes calls again, after 59 s.']);
  });

  it('tells once of a refusal that the connections meet too', () => {
    const cause = Object.assign(new Error('WRONGPASS invalid'), { name: 'ReplyError' });
    notices.failed(new BrokerUnavailableError('Redis refuses the connection.', { cause }, 'WRONGPASS'));
    notices.refused(cause);
    expect(told).toEqual(['Redis refuses the connection.']);
  });

  it('leaves errors that say what to do as they are', () => {
    notices.failed(new BrokerUnavailableError('Set REDIS_TLS_CA.'));
    expect(told).toEqual(['Set REDIS_TLS_CA.']);
  });
});
