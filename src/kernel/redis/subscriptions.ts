import { Cluster } from 'ioredis';
import type { RedisClient } from './redis-client.js';
import { replyOf } from './redis-replies.js';

/** How often it is tried again after a refusal, milliseconds. */
const RETRY_DELAY_MS = 1_000;
/** How often a connection shows that it is alive: without traffic a dead one would never be noticed. */
const SIGN_OF_LIFE_MS = 5_000;

const KINDS = ['subscribe', 'psubscribe'] as const;
type Kind = (typeof KINDS)[number];
type Subscribe = (...channels: string[]) => Promise<unknown>;

/**
 * What a connection listens to, whatever happens to it: after a reconnect it subscribes again, and after a refusal until it is
 * allowed to. The client's own `subscribe` and `psubscribe` go through it, for Bull and Socket.IO call them: they resolve once Redis has
 * confirmed, and never reject, because neither listens for that and an unheard rejection ends a process. The client must not subscribe again by itself (`autoResubscribe: false`).
 */
export class Subscriptions {
  private readonly wanted: Readonly<Record<Kind, Set<string>>> = {
    subscribe: new Set(),
    psubscribe: new Set(),
  };
  /** Those that Redis has confirmed on this connection. */
  private readonly heard: Readonly<Record<Kind, Set<string>>> = {
    subscribe: new Set(),
    psubscribe: new Set(),
  };
  private readonly ask: Readonly<Record<Kind, Subscribe>>;
  private readonly timer: NodeJS.Timeout;
  private retry: NodeJS.Timeout | null = null;
  private isDue = false;
  private waiting: (() => void)[] = [];
  private lastRefusal: Error | null = null;

  /** @param onRefused told of each refusal */
  constructor(
    private readonly client: RedisClient,
    private readonly onRefused: (error: Error) => void,
  ) {
    this.ask = {
      subscribe: client.subscribe.bind(client),
      psubscribe: client.psubscribe.bind(client),
    };
    const listenTo =
      (kind: Kind) =>
      (...channels: (string | readonly string[])[]): Promise<void> =>
        this.listenTo(kind, channels.flat());
    const leave =
      (kind: Kind, unsubscribe: Subscribe) =>
      (...channels: (string | readonly string[])[]): Promise<unknown> => {
        for (const channel of channels.flat()) this.wanted[kind].delete(channel);
        return unsubscribe(...channels.flat());
      };
    Object.assign(client, {
      subscribe: listenTo('subscribe'),
      psubscribe: listenTo('psubscribe'),
      unsubscribe: leave('subscribe', client.unsubscribe.bind(client) as Subscribe),
      punsubscribe: leave('psubscribe', client.punsubscribe.bind(client) as Subscribe),
    });
    client.on('close', () => this.hearNothing());
    client.on('ready', () => this.askSoon());
    this.timer = setInterval(() => this.showLife(), SIGN_OF_LIFE_MS);
    this.timer.unref();
  }

  /** Why Redis does not let this connection listen; null when it does, or was not asked. */
  get refusal(): Error | null {
    return this.lastRefusal;
  }

  /** Resolves when Redis has confirmed all that is listened to, on the connection that stands now, or after `close()`. */
  confirmed(): Promise<void> {
    return this.listenTo('subscribe', []);
  }

  /** Ends the retries; whoever waits to be subscribed waits no more. */
  close(): void {
    clearInterval(this.timer);
    if (this.retry !== null) clearTimeout(this.retry);
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private listenTo(kind: Kind, channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.wanted[kind].add(channel);
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.askSoon();
    });
  }

  /** What is wanted within one tick is asked for in one call. */
  private askSoon(): void {
    if (this.isDue) return;
    this.isDue = true;
    queueMicrotask(() => {
      this.isDue = false;
      // Otherwise it is asked for once the connection is ready.
      if (this.client.status === 'ready') void this.subscribe();
    });
  }

  private async subscribe(): Promise<void> {
    const waiting = this.waiting.splice(0);
    const refusals = await Promise.all(KINDS.map((kind) => this.subscribeTo(kind, this.missing(kind))));
    const refusal = refusals.find((error) => error !== null) ?? null;
    if (refusal === null) {
      this.lastRefusal = null;
      for (const resolve of waiting) resolve();
      return;
    }
    this.waiting.push(...waiting);
    // A lost connection subscribes once it is back.
    if (replyOf(refusal) === null) return;
    this.lastRefusal = refusal;
    this.onRefused(refusal);
    this.retry ??= setTimeout(() => {
      this.retry = null;
      this.askSoon();
    }, RETRY_DELAY_MS).unref();
  }

  private missing(kind: Kind): string[] {
    return [...this.wanted[kind]].filter((channel) => !this.heard[kind].has(channel));
  }

  /** @returns why one of them, or all, were refused; null when none was */
  private async subscribeTo(kind: Kind, channels: readonly string[]): Promise<Error | null> {
    if (channels.length === 0) return null;
    try {
      await this.ask[kind](...channels);
      for (const channel of channels) this.heard[kind].add(channel);
      return null;
    } catch (error) {
      // One that is not allowed keeps the others from being heard.
      if (channels.length > 1 && replyOf(error)?.meaning === 'denied') {
        const each = await Promise.all(channels.map((channel) => this.subscribeTo(kind, [channel])));
        return each.find((refusal) => refusal !== null) ?? null;
      }
      return error as Error;
    }
  }

  private showLife(): void {
    // A Cluster's subscription moves to another node without a word, and is silent when that one refuses.
    if (this.client instanceof Cluster) {
      this.hearNothing();
      this.askSoon();
    } else this.client.ping().catch(() => undefined);
  }

  private hearNothing(): void {
    for (const kind of KINDS) this.heard[kind].clear();
  }
}
