import { TcpProxy } from '../../support/tcp-proxy.js';

/** The way to Redis: workers and producers each have a proxy of their own before it. */
export class FaultNetwork {
  private constructor(
    readonly producers: TcpProxy,
    readonly workers: TcpProxy,
  ) {}

  static async start(port: number): Promise<FaultNetwork> {
    return new FaultNetwork(await TcpProxy.start(port), await TcpProxy.start(port));
  }

  /** As {@link TcpProxy.blackhole}, for all. */
  blackhole(): void {
    for (const proxy of this.proxies) proxy.blackhole();
  }

  /** As {@link TcpProxy.swallowReplies}, for all. */
  swallowReplies(): void {
    for (const proxy of this.proxies) proxy.swallowReplies();
  }

  /** As {@link TcpProxy.cut}, for all. */
  cut(): void {
    for (const proxy of this.proxies) proxy.cut();
  }

  /** As {@link TcpProxy.heal}, for all. */
  heal(reviveOld = false): void {
    for (const proxy of this.proxies) proxy.heal(reviveOld);
  }

  async stop(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.stop()));
  }

  private get proxies(): readonly TcpProxy[] {
    return [this.producers, this.workers];
  }
}
