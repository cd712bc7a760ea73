import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A real mail server on loopback that keeps count, and rejects mailboxes until somebody sets them right. */
export class MailServer {
  private readonly refusingMailboxes = new Set<string>();
  private readonly accepted = new Set<string>();
  private readonly server: SMTPServer;

  constructor() {
    this.server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      logger: false,
      onRcptTo: ({ address }, _session, callback) => {
        const isRefusing = this.refusingMailboxes.has(address);
        const rejection = Object.assign(new Error('5.7.1 The mailbox refuses this mail.'), {
          responseCode: 554,
        });
        callback(isRefusing ? rejection : null);
      },
      onData: (stream, _session, callback) => {
        let mail = '';
        stream.setEncoding('utf8');
        stream.on('data', (part: string) => (mail += part));
        stream.on('end', () => {
          this.accepted.add(/^message-id: *(\S+)/im.exec(mail)?.[1] ?? mail);
          callback();
        });
      },
    });
  }

  /** Starts on a free port. @returns its address for a client */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = this.server.server.address() as AddressInfo;
    return `smtp://127.0.0.1:${port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(resolve));
  }

  /** Mail to this address is rejected from now on. */
  reject(address: string): void {
    this.refusingMailboxes.add(address);
  }

  /** Somebody set the address right. */
  accept(address: string): void {
    this.refusingMailboxes.delete(address);
  }

  /** Mails taken so far; a repeat counts once. */
  get mails(): number {
    return this.accepted.size;
  }
}
