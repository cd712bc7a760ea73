import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';
import { SmtpEmailChannel } from '../../src/message-queue/adapters/smtp/index.js';
import type { SmtpOptions } from '../../src/message-queue/adapters/smtp/index.js';
import { ChannelSettingsError } from '../../src/message-queue/ports/destination-errors.js';
import { selfSignedCertificate } from '../support/self-signed-certificate.js';
import { startSmtpPeer } from '../support/smtp-peer.js';
import type { SmtpPeer } from '../support/smtp-peer.js';

const { signal } = new AbortController();
const PASSWORD = 'hunter2secret';
const signIn = { user: 'chat', password: PASSWORD };
const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** What becomes of a mail. */
async function endWith(options: Omit<SmtpOptions, 'from'>): Promise<unknown> {
  const channel = new SmtpEmailChannel({ from: 'chat@example.org', connectTimeoutMs: 1_000, ...options });
  closing.unshift(() => channel.onApplicationShutdown());
  const mail = { notificationId: 'm_1', recipientId: 'ben', destination: 'ben@example.net', title: 'News' };
  return channel
    .send({ ...mail, body: 'Your code is 1234', urgent: false, expiresAt: null }, signal)
    .catch((error: unknown) => error);
}

/** A server that offers sign-ins, and STARTTLS or not. */
async function peerWith(starttls: string | null, offer = 'AUTH PLAIN LOGIN CRAM-MD5'): Promise<SmtpPeer> {
  const extensions = [offer, ...(starttls === null ? [] : ['STARTTLS']), 'SIZE 1000000'];
  const peer = await startSmtpPeer(starttls === null ? {} : { STARTTLS: starttls }, extensions);
  closing.push(() => peer.close());
  return peer;
}

/** A server with a certificate of its own. */
async function tlsServer(
  options: SMTPServerOptions,
): Promise<{ readonly port: number; readonly cert: string; readonly seen: string[] }> {
  const seen: string[] = [];
  const { key, cert } = selfSignedCertificate('mail.example');
  const server = new SMTPServer({
    ...{ key, cert, closeTimeout: 100 },
    onAuth: (auth, session, callback) => {
      seen.push(`${auth.username ?? ''} ${session.secure ? 'over TLS' : 'in the clear'}`);
      callback(null, { user: 'chat' });
    },
    onData: (stream, _session, callback) => {
      stream.resume();
      stream.on('end', () => callback());
    },
    ...options,
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: (listening.address() as AddressInfo).port, cert, seen };
}

describe('With a password', () => {
  it.each([
    ['the offer of STARTTLS was taken out', null, {}],
    ['STARTTLS is refused', '502 not here', {}],
    ['STARTTLS is accepted, and nothing follows', '220 go on', {}],
    ['STARTTLS is answered as if it were any command', '250 ok', {}],
    ['TLS is only not from the first byte', null, { secure: false }],
    ['certificates are not looked at', null, { tls: { rejectUnauthorized: false } }],
  ] satisfies [string, string | null, Partial<SmtpOptions>][])(
    'nothing of it is sent without TLS: %s',
    async (_, starttls, options) => {
      for (const where of ['host', 'url'] as const) {
        const peer = await peerWith(starttls);
        const url = `smtp://chat:${PASSWORD}@127.0.0.1:${peer.port}`;
        const to = where === 'url' ? { url } : { host: '127.0.0.1', port: peer.port, ...signIn };
        const end = await endWith({ ...to, ...options });
        expect(end).toBeInstanceOf(Error);
        expect(peer.lines.filter((line) => /^(AUTH|MAIL)/i.test(line))).toEqual([]);
        expect((end as Error).message).not.toContain(PASSWORD);
      }
    },
  );

  it('is told which setting it is about', async () => {
    const peer = await peerWith(null);
    const end = await endWith({ host: '127.0.0.1', port: peer.port, ...signIn });
    expect(end).toBeInstanceOf(ChannelSettingsError);
    expect((end as Error).message).toContain('`requireTls: false`');
  });

  it('signs in over STARTTLS, and over TLS from the first byte', async () => {
    const starting = await tlsServer({});
    const tls = { ca: starting.cert };
    const url = `smtp://chat:${PASSWORD}@127.0.0.1:${starting.port}`;
    expect(await endWith({ url, tls })).toMatchObject({ outcome: 'sent' });
    expect(starting.seen).toEqual(['chat over TLS']);
    const secure = await tlsServer({ secure: true });
    const secureUrl = `smtps://chat:${encodeURIComponent(PASSWORD)}@127.0.0.1:${secure.port}`;
    expect(await endWith({ url: secureUrl, tls: { ca: secure.cert } })).toMatchObject({ outcome: 'sent' });
    expect(secure.seen).toEqual(['chat over TLS']);
  });

  it.each([
    ['STARTTLS', {}],
    ['TLS', { secure: true }],
  ])(
    'says that the settings are wrong for a certificate that nobody vouches for, with %s',
    async (_, options) => {
      const { port, seen } = await tlsServer(options);
      const end = await endWith({ host: '127.0.0.1', port, ...signIn, ...options });
      expect(end).toBeInstanceOf(ChannelSettingsError);
      expect((end as Error).message).toMatch(/certificate/);
      expect(seen).toEqual([]);
    },
  );

  it('sends it in the clear where that was asked for by name', async () => {
    const peer = await peerWith(null, 'AUTH PLAIN');
    const end = await endWith({ host: '127.0.0.1', port: peer.port, ...signIn, requireTls: false });
    expect(end).toMatchObject({ outcome: 'sent' });
    expect(peer.lines.filter((line) => line.startsWith('AUTH'))).toHaveLength(1);
  });
});

describe('The address of a mail server', () => {
  it.each([
    ['smtp://chat:hunter2secret@127.0.0.1?ignoreTLS=true', /url: has parameters/],
    ['smtp://127.0.0.1:25/?requireTLS=false', /url: has parameters/],
    ['smtp://chat@127.0.0.1', /url: has a user without a password/],
    ['smtp://:hunter2secret@127.0.0.1', /url: has a user without a password/],
  ])('%s is refused', (url, message) => {
    const create = (): unknown => new SmtpEmailChannel({ url, from: 'chat@example.org' });
    expect(create).toThrow(message);
    expect(create).not.toThrow(PASSWORD);
  });

  it('needs no TLS without a password', async () => {
    const peer = await peerWith(null);
    expect(await endWith({ url: `smtp://127.0.0.1:${peer.port}` })).toMatchObject({ outcome: 'sent' });
    expect(peer.lines.filter((line) => line.startsWith('AUTH'))).toEqual([]);
    expect(await endWith({ url: `smtp://127.0.0.1:${peer.port}`, requireTls: true })).toBeInstanceOf(Error);
  });
});
