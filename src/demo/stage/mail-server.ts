import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

const GREYLISTED_SECONDS = 2;

/** A real mail server on loopback that keeps count, filters mail until somebody sets the filter right, and puts off whom it does not know yet. */
export class MailServer {
  private readonly filtered = new Set<string>();
  private readonly accepted = new Set<string>();
  /** Mailboxes that greylist, and until when; undefined: nobody has asked yet. */
  private readonly greylisted = new Map<string, number | undefined>();
  private readonly acceptedLater = new Set<string>();
  private readonly server: SMTPServer;

  constructor() {
    this.server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      logger: false,
      onRcptTo: ({ address }, _session, callback) => callback(this.putOff(address)),
      onData: (stream, { envelope }, callback) => {
        const recipients = envelope.rcptTo.map(({ address }) => address);
        let mail = '';
        stream.setEncoding('utf8');
        stream.on('data', (part: string) => (mail += part));
        stream.on('end', () => {
          if (recipients.some((address) => this.filtered.has(address))) {
            callback(refusal(554, '5.6.0 The filter takes it for an advertisement.'));
            return;
          }
          const id = /^message-id: *(\S+)/im.exec(mail)?.[1] ?? mail;
          this.accepted.add(id);
          if (recipients.some((address) => this.greylisted.has(address))) this.acceptedLater.add(id);
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

  /** A filter rejects mail to this address from now on. */
  filter(address: string): void {
    this.filtered.add(address);
  }

  /** Somebody set the filter right. */
  accept(address: string): void {
    this.filtered.delete(address);
  }

  /** The first mail to this address has to come again a little later, as a sender of spam never does. */
  greylist(address: string): void {
    this.greylisted.set(address, undefined);
  }

  /** Mailboxes that put somebody off, and the mails that they took later. */
  get later(): { readonly mailboxes: number; readonly mails: number } {
    const asked = [...this.greylisted.values()].filter((until) => until !== undefined);
    return { mailboxes: asked.length, mails: this.acceptedLater.size };
  }

  /** Mails taken so far; a repeat counts once. */
  get mails(): number {
    return this.accepted.size;
  }

  private putOff(address: string): Error | null {
    if (!this.greylisted.has(address)) return null;
    const now = Date.now();
    const until = this.greylisted.get(address) ?? now + GREYLISTED_SECONDS * 1_000;
    this.greylisted.set(address, until);
    return now < until
      ? refusal(451, `4.7.1 Greylisted, please try again in ${GREYLISTED_SECONDS} seconds.`)
      : null;
  }
}

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
