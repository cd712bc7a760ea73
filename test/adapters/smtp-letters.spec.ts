import { SmtpEmailChannel } from '../../src/message-queue/adapters/smtp/index.js';
import type { SmtpOptions } from '../../src/message-queue/adapters/smtp/index.js';
import { ChannelSettingsError } from '../../src/message-queue/ports/destination-errors.js';
import type { OutgoingNotification } from '../../src/message-queue/ports/notifications/notification-channel.js';
import { startSmtpPeer } from '../support/smtp-peer.js';
import type { SmtpPeer } from '../support/smtp-peer.js';

const { signal } = new AbortController();
const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function peerWith(...extensions: string[]): Promise<SmtpPeer> {
  const peer = await startSmtpPeer({}, extensions);
  closing.push(() => peer.close());
  return peer;
}

function channelTo({ port }: SmtpPeer, options: Partial<SmtpOptions> = {}): SmtpEmailChannel {
  const channel = new SmtpEmailChannel({ host: '127.0.0.1', port, from: 'chat@example.org', ...options });
  closing.unshift(() => channel.onApplicationShutdown());
  return channel;
}

const notification: OutgoingNotification = {
  ...{ notificationId: 'm_1', recipientId: 'ben', destination: 'ben@example.net', title: 'News' },
  ...{ body: 'There is news', urgent: false, expiresAt: null },
};

/** Header lines, unfolded, by lower-case name; and the lines as they came. */
function headOf(mail = ''): {
  readonly fields: ReadonlyMap<string, string>;
  readonly lines: readonly string[];
} {
  const head = mail.split('\r\n\r\n')[0] ?? '';
  const fields = head.replace(/\r\n(?=[ \t])/g, '').split('\r\n');
  const pairs = fields.map(
    (field) =>
      [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 1).trim()] as const,
  );
  return { fields: new Map(pairs), lines: head.split('\r\n') };
}

/** Encoded words as a reader shows them (RFC 2047). */
function shown(field = ''): string {
  const bytes = (charset: string, kind: string, text: string): string =>
    (charset.toUpperCase() === 'UTF-8' && kind.toUpperCase() === 'B'
      ? Buffer.from(text, 'base64')
      : Buffer.from(
          text
            .replace(/_/g, ' ')
            .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
          'latin1',
        )
    ).toString();
  return field
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?([^?]+)\?([QB])\?([^?]*)\?=/gi, (_, charset: string, kind: string, text: string) =>
      bytes(charset, kind, text),
    );
}

const SCRIPTS = [
  'Grüße & Küsse',
  'Привет, мир',
  '新消息通知'.repeat(12),
  'שלום עולם',
  '🙂👩‍👩‍👧‍👦'.repeat(15),
  'हिन्दी',
  'می‌خواهم',
  `Tom "Jerry" <a@b>, c; d: e`,
];

describe('A mail', () => {
  it.each(SCRIPTS)('has its subject and its sender in ASCII lines, and readers see %s', async (words) => {
    const peer = await peerWith('SIZE 1000000');
    await channelTo(peer, { fromName: words }).send({ ...notification, title: words, body: words }, signal);
    const { fields, lines } = headOf(peer.mails[0]);
    expect(shown(fields.get('subject'))).toBe(words);
    expect(
      shown(fields.get('from'))
        .replace(/^"(.*)" </, '$1 <')
        .replace(/\\(.)/g, '$1'),
    ).toBe(`${words} <chat@example.org>`);
    for (const line of lines) {
      expect(line).toMatch(/^[ -~\t]*$/);
      expect(line.length).toBeLessThanOrEqual(78);
    }
    expect(peer.mails[0]).toMatch(/^[ -~\t\r\n]*$/);
  });

  it('shows half an emoji in a subject as a character that cannot be shown', async () => {
    const peer = await peerWith('SIZE 1000000');
    for (const title of ['News \ud83d', 'News =? \ud83d', `${'消'.repeat(30)}\ude00`]) {
      await channelTo(peer).send({ ...notification, title }, signal);
      expect(shown(headOf(peer.mails.at(-1)).fields.get('subject'))).toBe(
        title.replace(/[\ud83d\ude00]/, '\uFFFD'),
      );
    }
  });

  it('has what a mail of a program has', async () => {
    const peer = await peerWith('SIZE 1000000');
    await channelTo(peer).send({ ...notification, urgent: true }, signal);
    const { fields } = headOf(peer.mails[0]);
    expect(Number.isNaN(Date.parse(fields.get('date') ?? ''))).toBe(false);
    expect(fields.get('auto-submitted')).toBe('auto-generated');
    expect(fields.get('importance')).toMatch(/high/i);
    expect(fields.get('x-priority')).toMatch(/^1/);
    expect(fields.get('mime-version')).toBe('1.0');
  });

  it.each([
    ['=?UTF-8?B?aGFja2VkDQpCY2M6IGV2ZQ==?= x'],
    ['=?UTF-8?Q?Your_bank?='],
    ['a =? b'],
    ['Привет =? мир'],
    [`=?x?q?${'消'.repeat(100)}?=`],
  ])('shows a subject that looks encoded as it was written: %s', async (title) => {
    const peer = await peerWith('SIZE 1000000');
    await channelTo(peer).send({ ...notification, title }, signal);
    const { fields, lines } = headOf(peer.mails[0]);
    expect(shown(fields.get('subject'))).toBe(title);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(90);
  });

  it.each([
    ['News\r\nBcc: eve@example.net'],
    ['News\nBcc: eve@example.net'],
    ['News\rBcc: eve@example.net'],
    ['News\u0085Bcc: eve@example.net'],
    ['News\u2028Bcc: eve@example.net\u0000'],
    ['\r\n\r\nBcc: eve@example.net'],
  ])('lets no title start another header: %j', async (title) => {
    const peer = await peerWith('SIZE 1000000');
    await channelTo(peer, { fromName: 'Chat' }).send({ ...notification, title }, signal);
    const { fields } = headOf(peer.mails[0]);
    expect(fields.has('bcc')).toBe(false);
    expect(shown(fields.get('subject'))).toBe(title.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim());
    expect(peer.lines.filter((line) => line.startsWith('RCPT'))).toEqual(['RCPT TO:<ben@example.net>']);
  });

  it('takes any text: dots, line ends of all kinds, NUL, half of an emoji, endless lines', async () => {
    const peer = await peerWith('SIZE 1000000');
    const body = `.\n..\n.\r\nRCPT TO:<eve@example.net>\rlone\u0000\ud83d x\n${'y'.repeat(5_000)}\n${'消'.repeat(2_000)}`;
    await channelTo(peer).send({ ...notification, body, html: `<p>${body}</p>` }, signal);
    expect(peer.mails).toHaveLength(1);
    expect(peer.lines.filter((line) => /^RCPT/.test(line))).toHaveLength(1);
    for (const line of (peer.mails[0] ?? '').split('\r\n')) {
      expect(line).toMatch(/^[ -~\t]*$/);
      expect(line.length).toBeLessThanOrEqual(998);
    }
    expect(peer.mails[0]).not.toMatch(/=00|AAAA/);
    await channelTo(peer).send({ ...notification, title: '', body: '' }, signal);
    expect(peer.mails).toHaveLength(2);
  });
});

describe('Addresses of any script', () => {
  it('have domains in ASCII, everywhere', async () => {
    const peer = await peerWith('SIZE 1000000');
    const channel = channelTo(peer, { from: 'chat@MÜNCHEN.example', replyTo: 'help@straße.example' });
    await channel.send({ ...notification, destination: 'ada@bücher.example' }, signal);
    expect(peer.lines).toContainEqual(expect.stringContaining('MAIL FROM:<chat@xn--mnchen-3ya.example>'));
    expect(peer.lines).toContain('RCPT TO:<ada@xn--bcher-kva.example>');
    const { fields } = headOf(peer.mails[0]);
    expect(fields.get('message-id')).toMatch(/^<[0-9a-f]{40}@xn--mnchen-3ya\.example>$/);
    expect(fields.get('from')).toBe('chat@xn--mnchen-3ya.example');
    expect(fields.get('to')).toBe('ada@xn--bcher-kva.example');
    expect(fields.get('reply-to')).toBe('help@xn--strae-oqa.example');
  });

  it.each(['дима@пример.example', 'jörg@example.net', '用户@example.net'])(
    '%s goes to a server with SMTPUTF8',
    async (destination) => {
      const peer = await peerWith('SMTPUTF8', '8BITMIME');
      expect(await channelTo(peer).send({ ...notification, destination }, signal)).toMatchObject({
        outcome: 'sent',
      });
      expect(peer.lines).toContainEqual(expect.stringMatching(/^MAIL FROM:<chat@example\.org> .*SMTPUTF8/));
      const name = destination.slice(0, destination.indexOf('@'));
      expect(peer.lines).toContainEqual(expect.stringMatching(new RegExp(`^RCPT TO:<${name}@`)));
    },
  );

  it('is refused by name where the server has none, once it was asked', async () => {
    const peer = await peerWith('8BITMIME');
    const channel = channelTo(peer);
    for (const notificationId of ['m_1', 'm_2', 'm_3']) {
      const receipt = await channel.send(
        { ...notification, notificationId, destination: 'jörg@example.net' },
        signal,
      );
      expect(receipt).toEqual({
        outcome: 'refused',
        reason: 'invalid',
        detail: 'not ASCII, and the server has no SMTPUTF8',
      });
    }
    expect(peer.lines.filter((line) => line.startsWith('EHLO'))).toHaveLength(1);
    expect(peer.lines.filter((line) => /^(MAIL|RCPT)/.test(line))).toEqual([]);
    expect(await channel.send(notification, signal)).toMatchObject({ outcome: 'sent' });
  });

  it('is a matter of settings where it is the sender', async () => {
    const peer = await peerWith('8BITMIME');
    const sending = channelTo(peer, { from: 'jörg@example.org' }).send(notification, signal);
    await expect(sending).rejects.toBeInstanceOf(ChannelSettingsError);
    const able = await peerWith('SMTPUTF8');
    expect(await channelTo(able, { from: 'jörg@example.org' }).send(notification, signal)).toMatchObject({
      outcome: 'sent',
    });
  });

  it.each(['ada@xn--a', 'ada@bücher..%zz.example', '"a b"@example.org', 'ada@[127.0.0.1]'])(
    '%s is none',
    async (destination) => {
      const peer = await peerWith('SMTPUTF8');
      const receipt = await channelTo(peer).send({ ...notification, destination }, signal);
      expect(receipt).toMatchObject({ outcome: 'refused', reason: 'invalid' });
    },
  );
});

describe('fit', () => {
  const channel = (options: Partial<SmtpOptions> = {}): SmtpEmailChannel =>
    new SmtpEmailChannel({ host: '127.0.0.1', port: 1, from: 'chat@example.org', ...options });

  it('refuses a subject that is too long for a line, or cuts it between two characters', () => {
    const draft = { title: '👩‍👩‍👧‍👦'.repeat(200), body: 'x' };
    expect(channel().fit(draft).issues).toEqual([
      { path: 'title', message: "a mail's subject has at most 900 characters, this has 2200" },
    ]);
    const { draft: cut, issues } = channel({ overlong: 'shorten' }).fit(draft);
    expect(issues).toEqual([]);
    expect(cut.title).toMatch(/^(👩‍👩‍👧‍👦)+…$/u);
    expect(cut.title.length).toBeLessThanOrEqual(900);
    const right = { title: 'x'.repeat(900), body: '' };
    expect(channel().fit(right)).toEqual({ draft: right, issues: [] });
  });

  it('refuses what is bigger than the server takes, counted as it is sent', async () => {
    const small = channel({ maxBytes: 65_536 });
    expect(small.fit({ title: '', body: 'x'.repeat(50_000) }).issues).toEqual([]);
    expect(small.fit({ title: '', body: '消'.repeat(20_000) }).issues).toMatchObject([{ path: 'message' }]);
    const mail = { ...notification, body: '', html: 'x'.repeat(70_000) };
    await expect(small.send(mail, signal)).rejects.toThrow(/^message: the mail would have/);
  });
});
