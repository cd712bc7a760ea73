import { EventEmitter } from 'node:events';
import type { Redis } from 'ioredis';
import type { RedisClient } from '../../../kernel/redis/redis-client.js';
import type { Publication, PublicationSeal, Unopened } from '../../ports/privacy/publication-seal.js';
import { InOrder } from './in-order.js';

/** Why a publication of another process was dropped; `senseless`: it opened, and Socket.IO makes nothing of it. */
export type Dropped = Unopened | 'senseless';

/** Who is told what was dropped. None of them may throw. */
export interface LineListeners {
  readonly dropped: (why: Dropped, error?: unknown) => void;
  /** What was not published, because it could not be sealed. */
  readonly unsealed: (error: unknown) => void;
}

/** What the adapter of Socket.IO calls of a connection that it listens with. */
type Listener = Pick<Redis, 'subscribe' | 'psubscribe' | 'unsubscribe' | 'punsubscribe'>;

/**
 * Seals all that the adapters of Socket.IO publish, whatever it is: events, acknowledgements, what is known of sockets. Broadcasts, whose
 * channel has the name of a room, go to one channel for all rooms. A process that knows nothing of sealing ignores that as a room without sockets.
 */
export function sealedPublisher<T extends RedisClient>(
  client: T,
  key: string,
  seal: PublicationSeal,
  { unsealed }: LineListeners,
): T {
  const publish = client.publish.bind(client) as (channel: string, message: Buffer) => Promise<unknown>;
  const line = new InOrder<Publication>(({ channel, message }) => void publish(channel, message), unsealed);
  const sealing = (channel: string, message: string | Buffer): Promise<number> => {
    const publication = { channel, message: Buffer.from(message as string) };
    line.add(seal.seal(publication, isBroadcast(channel, key) ? `${key}#/#mq:sealed#` : channel));
    return Promise.resolve(0);
  };
  return Object.assign(client, { publish: sealing });
}

/**
 * What the adapters of Socket.IO listen to in place of the connection: publications come opened and in order, and one that nobody can make sense
 * of ends here. The adapters throw on it, and so would the process.
 */
export function openedSubscriber(
  client: Redis,
  key: string,
  seal: PublicationSeal | null,
  { dropped }: LineListeners,
): EventEmitter & Listener {
  const opened = new EventEmitter({ captureRejections: true }).setMaxListeners(0);
  opened.on('error', (error) => dropped('senseless', error));
  const handOn = (publication: Publication | Unopened): void => {
    if (typeof publication === 'string') {
      dropped(publication);
      return;
    }
    const { channel, message } = publication;
    try {
      if (isBroadcast(channel, key)) opened.emit('pmessageBuffer', null, channel, message);
      else opened.emit('messageBuffer', channel, message);
    } catch (error) {
      dropped('senseless', error);
    }
  };
  const line = new InOrder(handOn, () => dropped('no-key'));
  const take = (channel: string | Buffer, message: Buffer): void => {
    const published = { channel: channel.toString(), message };
    line.add(seal === null ? published : seal.open(published));
  };
  client.on('pmessageBuffer', (_pattern, channel, message) => take(channel, message));
  client.on('messageBuffer', take);
  return Object.assign(opened, {
    subscribe: client.subscribe.bind(client),
    psubscribe: client.psubscribe.bind(client),
    unsubscribe: client.unsubscribe.bind(client),
    punsubscribe: client.punsubscribe.bind(client),
  });
}

/** Whether it goes to the sockets of a namespace; the rest is between the adapters. */
function isBroadcast(channel: string, key: string): boolean {
  return channel.startsWith(`${key}#`);
}
