import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { waitUntil } from './wait-until.js';

/** Everything that Redis is sent, as `MONITOR` says it. On a plain socket: ioredis trips over lines that come with the first reply. */
export class RedisTap {
  private heard = '';

  private constructor(
    private readonly client: Redis,
    private readonly socket: Socket,
  ) {
    socket.setEncoding('latin1').on('data', (text: string) => (this.heard += text));
  }

  /** @param client the tap's own from now on */
  static async on(client: Redis): Promise<RedisTap> {
    const { host = '127.0.0.1', port = 0 } = client.options;
    const tap = new RedisTap(client, connect(port, host));
    tap.socket.write('MONITOR\r\n');
    await waitUntil(() => tap.heard.startsWith('+OK'), 'MONITOR to begin');
    return tap;
  }

  /** What it has heard up to now. */
  async text(): Promise<string> {
    const end = `tap:${randomUUID()}`;
    await this.client.echo(end);
    await waitUntil(() => this.heard.includes(end), 'the last line of MONITOR');
    return this.heard;
  }

  close(): void {
    this.socket.destroy();
    this.client.disconnect();
  }
}
