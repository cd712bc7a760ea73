import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

interface Link {
  readonly downstream: Socket;
  readonly upstream: Socket;
}

/**
 * A TCP proxy before a test's redis-server that can break in the ways networks do: swallow everything (a middlebox
 * that lost its state), swallow only answers, refuse, cut.
 */
export class TcpProxy {
  private readonly links = new Set<Link>();
  private mode: 'pass' | 'blackhole' | 'swallow-replies' = 'pass';
  private refusing = false;
  /** Bytes from the server that were swallowed. */
  swallowed = 0;
  /** Pieces in which clients sent what they had to say. */
  requests = 0;

  private constructor(
    private readonly server: Server,
    private targetPort: number,
    private readonly rewrite: (answer: string) => string,
  ) {}

  /** @param rewrite changes what the server says; must keep its length */
  static async start(
    targetPort: number,
    rewrite: (answer: string) => string = (answer) => answer,
  ): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new TcpProxy(server, targetPort, rewrite);
    server.on('connection', (socket) => proxy.accept(socket));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.links.size;
  }

  /** Nothing arrives on either side any more, and nobody is told. New connections are accepted and lead nowhere. */
  blackhole(): void {
    this.mode = 'blackhole';
  }

  /** The server gets and executes commands; its answers never arrive. */
  swallowReplies(): void {
    this.mode = 'swallow-replies';
  }

  /** Closes every connection at once and refuses new ones. */
  refuse(): void {
    this.refusing = true;
    this.cut();
  }

  /** Closes every connection; new ones are welcome. */
  cut(): void {
    for (const { downstream, upstream } of this.links) {
      downstream.destroy();
      upstream.destroy();
    }
  }

  /** Another server is behind the name from now on; every connection is closed. */
  moveTo(port: number): void {
    this.targetPort = port;
    this.cut();
  }

  /**
   * Works again. Connections from the time of a blackhole stay dead, as behind a middlebox that forgot them, unless
   * `reviveOld`.
   */
  heal(reviveOld = false): void {
    this.refusing = false;
    this.mode = 'pass';
    if (reviveOld) return;
    for (const link of this.links) this.forget(link);
  }

  async stop(): Promise<void> {
    this.refuse();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(downstream: Socket): void {
    if (this.refusing) {
      downstream.destroy();
      return;
    }
    const upstream = connect(this.targetPort, '127.0.0.1');
    const link = { downstream, upstream };
    this.links.add(link);
    downstream.on('data', (data) => {
      this.requests += 1;
      if (this.mode !== 'blackhole') upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (this.mode === 'pass') downstream.write(this.rewrite(data.toString('latin1')), 'latin1');
      else this.swallowed += data.length;
    });
    for (const socket of [downstream, upstream]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.links.delete(link);
        downstream.destroy();
        upstream.destroy();
      });
    }
  }

  private forget({ downstream, upstream }: Link): void {
    downstream.removeAllListeners('data');
    upstream.removeAllListeners('data');
    downstream.resume();
    upstream.resume();
  }
}
