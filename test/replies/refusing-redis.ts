import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { CommandReader } from './command-reader.js';

/** What opens a connection, and what only frames other commands. */
const NEVER_REFUSED = new Set([
  ...['AUTH', 'HELLO', 'SELECT', 'CLIENT', 'INFO', 'TIME', 'QUIT'],
  ...['MULTI', 'EXEC', 'UNSUBSCRIBE', 'PUNSUBSCRIBE'],
]);
const SUBSCRIBING = new Set(['SUBSCRIBE', 'PSUBSCRIBE']);

/**
 * A stand-in for a Redis that answers with an error: a proxy before a real server. In place of a command that it refuses it sends the
 * server a script that answers with the reply, so that answers keep their order, in a transaction too.
 */
export class RefusingRedis {
  private readonly links = new Map<Socket, { readonly upstream: Socket; listens: boolean }>();
  private reply: string | null = null;
  /** How often it refused since it began to, by command. */
  readonly refused = new Map<string, number>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {}

  static async start(targetPort: number): Promise<RefusingRedis> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const redis = new RefusingRedis(server, targetPort);
    server.on('connection', (socket) => redis.accept(socket));
    return redis;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on every call is answered with this. Who listens is cut off, and must ask again. */
  refuse(reply: string): void {
    this.refused.clear();
    this.reply = reply;
    for (const [downstream, { listens }] of this.links) if (listens) downstream.destroy();
  }

  /** It takes calls again. */
  obey(): void {
    this.reply = null;
  }

  async stop(): Promise<void> {
    for (const downstream of this.links.keys()) downstream.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(downstream: Socket): void {
    const upstream = connect(this.targetPort, '127.0.0.1');
    const link = { upstream, listens: false };
    this.links.set(downstream, link);
    const reader = new CommandReader();
    downstream.on('data', (data: Buffer) => {
      for (const { name, bytes } of reader.read(data)) {
        if (this.reply !== null && !NEVER_REFUSED.has(name)) upstream.write(this.refusal(name, this.reply));
        else {
          link.listens ||= SUBSCRIBING.has(name);
          upstream.write(bytes);
        }
      }
    });
    upstream.on('data', (data) => downstream.write(data));
    for (const socket of [downstream, upstream]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.links.delete(downstream);
        downstream.destroy();
        upstream.destroy();
      });
    }
  }

  private refusal(command: string, reply: string): string {
    this.refused.set(command, (this.refused.get(command) ?? 0) + 1);
    const args = ['EVAL', 'return { err = ARGV[1] }', '0', reply];
    return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`;
  }
}
