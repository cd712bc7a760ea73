import { recorded } from '../../testing/recorded.js';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import { ManualCircuitBreakers } from '../../testing/manual-circuit-breakers.js';
import {
  InMemoryEmailChannel,
  InMemoryInAppChannel,
  InMemoryPushChannel,
  InMemorySmsChannel,
} from '../../adapters/in-memory/index.js';
import { MemoryBroker } from '../../broker/memory/memory-broker.js';
import { RateLimited, RetryLater } from '../../jobs/errors.js';
import { defineRate } from '../../jobs/flow/rate.js';
import type { OutgoingNotification } from '../../ports/notifications/notification-channel.js';
import { NotificationChannels } from './notification-channels.js';

const PROVIDER = defineRate('provider', { limit: 10, perMs: 1_000 });

class RatedSmsChannel extends InMemorySmsChannel {
  override readonly rate = PROVIDER;
}

class RatedEmailChannel extends InMemoryEmailChannel {
  override readonly rate = PROVIDER;
}

const notification: OutgoingNotification = {
  ...{ notificationId: 'm_1', recipientId: 'ben', destination: 'd', title: 'News', body: 'There is news' },
  ...{ urgent: false, expiresAt: null },
};

function setUp() {
  const clock = new ManualClock(new Date('2026-01-10T12:00:00Z'));
  const push = recorded(new InMemoryPushChannel());
  const sms = recorded(new RatedSmsChannel());
  const email = recorded(new RatedEmailChannel());
  const { rates } = new MemoryBroker({ clock });
  const breakers = new ManualCircuitBreakers();
  const channels = new NotificationChannels(push, email, sms, new InMemoryInAppChannel(), breakers, rates);
  const { signal } = new AbortController();
  /** What a send by this job is told: 0, or for how long to wait. */
  const send = (type: 'sms' | 'email' | 'push', jobId: string, target: string = type): Promise<unknown> =>
    channels.send(type, target, notification, { queue: 'q', jobId, signal }).then(
      () => 0,
      (error: unknown) => {
        expect(error).toBeInstanceOf(RetryLater);
        // Else the rate of the queue would close, and with it all channels.
        expect(error).not.toBeInstanceOf(RateLimited);
        return (error as RetryLater).delayMs;
      },
    );
  return { clock, push, sms, email, send, rates };
}

describe('channels with a rate', () => {
  it('share its bucket: whoever gets no token is told its own time, and sends then', async () => {
    const { send, sms, email, clock } = setUp();
    expect([await send('sms', 'a'), await send('email', 'b'), await send('sms', 'c')]).toEqual([0, 100, 200]);
    expect([sms.outbox.sent.length, email.outbox.sent.length]).toEqual([1, 0]);
    await clock.advance(100);
    expect([await send('email', 'b'), await send('sms', 'c')]).toEqual([0, 100]);
    await clock.advance(100);
    expect(await send('sms', 'c')).toBe(0);
    expect([sms.outbox.sent.length, email.outbox.sent.length]).toEqual([2, 1]);
  });

  it('need a token for each target', async () => {
    const { send } = setUp();
    expect([await send('sms', 'a', 'one'), await send('sms', 'a', 'two')]).toEqual([0, 100]);
  });

  it('leave the others alone', async () => {
    const { send } = setUp();
    await send('sms', 'a');
    expect([await send('push', 'b'), await send('push', 'c')]).toEqual([0, 0]);
  });

  it('close it for all when the service takes no more, and the one that was refused is the next', async () => {
    const { send, sms, clock } = setUp();
    sms.recorder.fail('send', new RateLimited(30_000, 'Twilio answered 429.'));
    expect([await send('sms', 'a'), await send('email', 'b'), await send('sms', 'c')]).toEqual([
      30_000, 30_100, 30_200,
    ]);
    await clock.advance(30_000);
    expect([await send('sms', 'a'), await send('email', 'b')]).toEqual([0, 100]);
  });

  it('close nothing when a service asks to wait with one notification', async () => {
    const { send, sms, clock } = setUp();
    sms.recorder.fail('send', new RetryLater(30_000, 'Twilio answered 503.'));
    expect(await send('sms', 'a')).toBe(30_000);
    await clock.advance(100);
    expect(await send('email', 'b')).toBe(0);
  });

  it('defer only their own notification where they have none', async () => {
    const { send, push } = setUp();
    push.recorder.fail('send', new RateLimited(30_000));
    expect([await send('push', 'a'), await send('push', 'b'), await send('sms', 'c')]).toEqual([
      30_000, 0, 0,
    ]);
  });
});

describe('a channel of several services', () => {
  class ServicesPushChannel extends InMemoryPushChannel {
    override serviceOf({ destination }: Pick<OutgoingNotification, 'destination'>): string {
      return destination;
    }
  }

  it('keeps sending through those that are up while one is down', async () => {
    const push = recorded(new ServicesPushChannel());
    const breakers = new ManualCircuitBreakers();
    const { rates } = new MemoryBroker({ clock: new ManualClock() });
    const others = [
      new InMemoryEmailChannel(),
      new InMemorySmsChannel(),
      new InMemoryInAppChannel(),
    ] as const;
    const channels = new NotificationChannels(push, ...others, breakers, rates);
    const { signal } = new AbortController();
    const send = (destination: string): Promise<unknown> =>
      channels.send(
        'push',
        destination,
        { ...notification, destination },
        { queue: 'q', jobId: 'j', signal },
      );
    breakers.open('notification:push:a.example', 700);
    await expect(send('a.example')).rejects.toMatchObject({
      ...{ code: 'CIRCUIT_OPEN', dependency: 'notification:push:a.example' },
    });
    expect(await send('b.example')).toMatchObject({ outcome: 'sent' });
    expect(push.outbox.sent.map(({ destination }) => destination)).toEqual(['b.example']);
    breakers.close('notification:push:a.example');
    expect(await send('a.example')).toMatchObject({ outcome: 'sent' });
  });
});
