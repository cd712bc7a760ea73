import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';
import { SmtpEmailChannel } from '../../src/message-queue/adapters/smtp/index.js';
import type { SmtpOptions } from '../../src/message-queue/adapters/smtp/index.js';
import { InvalidConfigurationError } from '../../src/kernel/errors.js';
import { defineRate } from '../../src/message-queue/jobs/flow/rate.js';
import { ChannelSettingsError } from '../../src/message-queue/ports/destination-errors.js';
import { NotificationSendError } from '../../src/message-queue/ports/notifications/notification-channel.js';
import type { OutgoingNotification } from '../../src/message-queue/ports/notifications/notification-channel.js';
import { notificationChannelContract } from '../../src/message-queue/testing/contracts/index.js';
import { openedInRequest } from '../support/opened-in-request.js';
import { waitUntil } from '../support/wait-until.js';

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly source: string;
}

interface Peer {
  readonly url: string;
  readonly mails: readonly Mail[];
  readonly connections: () => number;
}

const open: (() => Promise<void> | void)[] = [];

/** A real SMTP server on loopback that takes mail, unless `handlers` refuse it. */
async function startServer(handlers: SMTPServerOptions = {}): Promise<Peer> {
  const mails: Mail[] = [];
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 100,
    onConnect: (_session, callback) => {
      connections += 1;
      callback();
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        mails.push({
          from,
          to: rcptTo.map(({ address }) => address),
          source: Buffer.concat(chunks).toString(),
        });
        callback(null);
      });
    },
    ...handlers,
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  open.push(() => new Promise((resolve) => server.close(() => resolve())));
  const { port } = listening.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}`, mails, connections: () => connections };
}

function channelTo(url: string, options: Partial<SmtpOptions> = {}): SmtpEmailChannel {
  const channel = new SmtpEmailChannel({ url, from: 'chat@example.org', fromName: 'Chat', ...options });
  // Channels close first: a server waits for its connections.
  open.unshift(() => channel.onApplicationShutdown());
  return channel;
}

const notification: OutgoingNotification = {
  notificationId: 'm_1',
  recipientId: 'ben',
  destination: 'ben@example.net',
  title: 'News',
  body: 'There is news',
  urgent: false,
  expiresAt: null,
};
const { signal } = new AbortController();

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** What a send fails with. */
async function failureOf(sending: Promise<unknown>): Promise<Error> {
  return sending.then(
    () => Promise.reject(new Error('It was sent.')),
    (error: unknown) => error as Error,
  );
}

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

describe('SmtpEmailChannel', () => {
  notificationChannelContract(async () => {
    const { url, mails } = await startServer();
    return { channel: channelTo(url), destination: 'ben@example.net', received: () => mails.length };
  });

  it('mails text and HTML to one recipient', async () => {
    const { url, mails } = await startServer();
    const receipt = await channelTo(url, { replyTo: 'help@example.org' }).send(
      { ...notification, title: 'Grüße', html: '<p>There is <b>news</b></p>', urgent: true },
      signal,
    );
    expect(receipt).toEqual({
      outcome: 'sent',
      providerId: expect.stringMatching(/^<[0-9a-f]{40}@example\.org>$/),
    });
    expect(mails).toMatchObject([{ from: 'chat@example.org', to: ['ben@example.net'] }]);
    const source = mails[0]?.source ?? '';
    expect(source).toMatch(/^From: "?Chat"? <chat@example\.org>\r$/m);
    expect(source).toMatch(/^To: ben@example\.net\r$/m);
    expect(source).toMatch(/^Reply-To: help@example\.org\r$/m);
    expect(source).toContain('Subject: =?UTF-8?');
    expect(source).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(source).toMatch(/^Importance: High\r$/im);
    expect(source).toContain('There is news');
    expect(source).toContain('<b>news</b>');
  });

  it('gives every repeat the same Message-ID, and every notification its own', async () => {
    const { url, mails } = await startServer();
    await channelTo(url).send(notification, signal);
    await channelTo(url).send(notification, signal);
    await channelTo(url).send({ ...notification, notificationId: 'm_2\r\nBcc: eve@example.net' }, signal);
    const ids = mails.map(({ source }) => /^Message-ID: (.*)\r$/im.exec(source)?.[1]);
    expect(ids[0]).toMatch(/^<[0-9a-f]{40}@example\.org>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).toMatch(/^<[0-9a-f]{40}@example\.org>$/);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('keeps its connections and closes them at shutdown', async () => {
    const { url, mails, connections } = await startServer();
    const channel = channelTo(url, { maxConnections: 1 });
    for (let count = 0; count < 5; count += 1) {
      await channel.send({ ...notification, notificationId: `m_${count}` }, signal);
    }
    expect([mails.length, connections()]).toEqual([5, 1]);
    channel.onApplicationShutdown();
    await expect(channel.send(notification, signal)).rejects.toThrow('shutting down');
  });

  it.each([
    ['ben@example.net, eve@example.net'],
    ['ben@example.net\r\nBcc: eve@example.net'],
    ['Ben <ben@example.net>'],
    ['ben@example.net> SIZE=1\r\nRCPT TO:<eve@example.net'],
    ['team: a@example.net, b@example.net;'],
    [''],
  ])('refuses %j as a destination', async (destination) => {
    const { url, mails } = await startServer();
    const receipt = await channelTo(url).send({ ...notification, destination }, signal);
    const detail = 'not one plain mail address';
    expect(receipt).toEqual({ outcome: 'refused', reason: 'invalid', detail });
    expect(mails).toEqual([]);
  });

  it('opens its connections in nobody’s request', async () => {
    const peer = await startServer();
    const channel = channelTo(peer.url, { maxConnections: 1 });
    const mail = (): Promise<unknown> => channel.send(notification, signal);
    expect(await openedInRequest(() => Promise.all([mail(), mail()]))).toEqual([]);
    expect(peer.mails).toHaveLength(2);
  });

  it('lets no title start another header', async () => {
    const { url, mails } = await startServer();
    const title = 'News\r\nBcc: eve@example.net\r\n\r\nbody\u0000';
    await channelTo(url).send({ ...notification, title }, signal);
    expect(mails[0]?.to).toEqual(['ben@example.net']);
    const [head = ''] = (mails[0]?.source ?? '').split('\r\n\r\n');
    expect(head).toMatch(/^Subject: News Bcc: eve@example\.net body\r$/m);
    expect(head).not.toMatch(/^Bcc:/im);
  });

  it('says that the settings are wrong when the sign-in is refused: no mail is at fault', async () => {
    const { url, mails } = await startServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (auth, _session, callback) =>
        auth.password === 'right' ? callback(null, { user: 'chat' }) : callback(refusal(535, 'MARKER')),
    });
    const signIn = (password: string): SmtpEmailChannel =>
      channelTo(url, { user: 'chat', password, requireTls: false });
    const failure = await failureOf(signIn('wrong').send(notification, signal));
    expect(failure).toBeInstanceOf(ChannelSettingsError);
    expect(failure.message).toMatch(/answered 535.*check user and password/);
    expect(failure.message).not.toMatch(/wrong|MARKER/);
    await signIn('right').send(notification, signal);
    expect(mails).toHaveLength(1);
  });

  it('asks for another attempt when nobody listens, and when the server hangs up in the middle', async () => {
    const refused = await failureOf(channelTo('smtp://127.0.0.1:1').send(notification, signal));
    expect(refused).toBeInstanceOf(NotificationSendError);
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      socket.end();
    }).listen(0, '127.0.0.1');
    open.push(() => new Promise((resolve) => void server.close(() => resolve())));
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const dropped = await failureOf(channelTo(`smtp://127.0.0.1:${port}`).send(notification, signal));
    expect(dropped).toBeInstanceOf(NotificationSendError);
    // The queue decides when to try again, not the pool.
    expect(connections).toBe(1);
  });

  it('stops at its signal, and other mails go on', async () => {
    let isAsked = false;
    const { url, mails } = await startServer({
      onRcptTo: ({ address }, _session, callback) => {
        if (address.startsWith('slow')) isAsked = true;
        else callback();
      },
    });
    const channel = channelTo(url);
    const controller = new AbortController();
    const stuck = failureOf(
      channel.send({ ...notification, destination: 'slow@example.net' }, controller.signal),
    );
    await waitUntil(() => isAsked, 'the server to be asked');
    controller.abort(new Error('the job timed out'));
    expect((await stuck).message).toBe('the job timed out');
    await expect(channel.send(notification, controller.signal)).rejects.toThrow('the job timed out');
    await channel.send(notification, signal);
    expect(mails).toHaveLength(1);
  });

  it('has the rate that its options name, and refuses what is none', () => {
    const rate = defineRate('mail-provider', { limit: 10, perMs: 1_000 });
    expect(channelTo('smtp://127.0.0.1:9', { rate }).rate).toBe(rate);
    expect(channelTo('smtp://127.0.0.1:9').rate).toBeUndefined();
    const create = (): unknown => channelTo('smtp://127.0.0.1:9', { rate: { ...rate, perMs: 0.5 } });
    expect(create).toThrow(/rate: must be what defineRate/);
  });

  it('names all wrong options at once, without the password', () => {
    const wrong = {
      url: 'http://s3cret',
      host: 'x',
      from: 'Chat <chat@example.org>',
      maxConnections: 0,
      user: 'chat',
    };
    const create = (): unknown => new SmtpEmailChannel(wrong);
    expect(create).toThrow(InvalidConfigurationError);
    expect(create).toThrow(/url: [\s\S]*from: [\s\S]*maxConnections: [\s\S]*host: [\s\S]*password: /);
    expect(create).not.toThrow(/s3cret/);
  });
});
