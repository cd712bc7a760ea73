import { SmtpEmailChannel } from '../../src/message-queue/adapters/smtp/index.js';
import type { SmtpOptions } from '../../src/message-queue/adapters/smtp/index.js';
import { namedWait } from '../../src/message-queue/adapters/smtp/named-wait.js';
import { RateLimited, UnrecoverableJobError } from '../../src/message-queue/jobs/errors.js';
import {
  ChannelSettingsError,
  DestinationBusyError,
} from '../../src/message-queue/ports/destination-errors.js';
import { NotificationSendError } from '../../src/message-queue/ports/notifications/notification-channel.js';
import { startSmtpPeer } from '../support/smtp-peer.js';

const { signal } = new AbortController();
const HOUR = 3_600_000;
const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function channelTo(port: number, options: Partial<SmtpOptions> = {}): SmtpEmailChannel {
  const channel = new SmtpEmailChannel({ host: '127.0.0.1', port, from: 'chat@example.org', ...options });
  closing.unshift(() => channel.onApplicationShutdown());
  return channel;
}

const mail = {
  ...{ notificationId: 'm_1', recipientId: 'ben', destination: 'ben@example.net', title: 'News' },
  ...{ body: 'There is news', urgent: false, expiresAt: null },
};

/** What becomes of a mail to a server that answers so. */
async function endWith(step: string, answer: string): Promise<unknown> {
  const peer = await startSmtpPeer({ [step]: answer }, ['AUTH PLAIN', 'SIZE 1000000']);
  closing.push(() => peer.close());
  const signsIn = step === 'AUTH' ? { user: 'chat', password: 'hunter2secret', requireTls: false } : {};
  return channelTo(peer.port, { ...signsIn, requireTls: step === 'STARTTLS' })
    .send(mail, signal)
    .catch((error: unknown) => error);
}

const bounced = { outcome: 'refused', reason: 'bounced' };
const invalid = { outcome: 'refused', reason: 'invalid' };

describe('What an answer of a mail server is about', () => {
  it.each([
    ['RCPT', '450 4.2.1 mailbox busy'],
    ['RCPT', '450 4.2.0 Greylisted, see http://postgrey.example/'],
    ['RCPT', '451 4.7.1 Greylisted'],
    ['RCPT', '451 local error'],
    ['RCPT', '452 4.5.3 too many recipients'],
    ['RCPT', '421 4.7.0 try again later'],
    ['DATA', '451 4.3.0 try later'],
    ['END', '451 4.7.1 greylisting in action'],
    ['END', '450 4.7.28 rate limited'],
    ['MAIL', '451 4.3.0 temporary'],
    ['MAIL', '452 4.3.1 insufficient system storage'],
    ['CONNECT', '421 4.3.2 shutting down'],
    ['CONNECT', '450 not yet'],
    ['EHLO', '421 too many connections'],
    ['AUTH', '454 4.7.0 temporary authentication failure'],
    ['STARTTLS', '454 4.3.0 TLS not available now'],
  ])('%s %s: the same again, later', async (step, answer) => {
    const end = await endWith(step, answer);
    expect(end).toBeInstanceOf(DestinationBusyError);
    expect(end).toMatchObject({ retryAfterMs: null, patienceMs: 24 * HOUR });
  });

  it.each([
    ['RCPT', '552 5.2.2 over quota'],
    ['RCPT', '452 4.2.2 mailbox full'],
    ['RCPT', '552 exceeded storage allocation'],
    ['RCPT', '452 mailbox full'],
    ['END', '552 5.2.2 mailbox full'],
    ['END', '552 over quota'],
  ])('%s %s: a full mailbox is waited for, for days', async (step, answer) => {
    const end = await endWith(step, answer);
    expect(end).toBeInstanceOf(DestinationBusyError);
    expect(end).toMatchObject({ retryAfterMs: HOUR, patienceMs: 96 * HOUR });
  });

  it.each([
    ['RCPT', '550 5.1.1 no such user', bounced],
    ['RCPT', '550 5.1.1 <ben@example.net>: User unknown in relay recipient table', bounced],
    ['RCPT', '550-5.1.1 The account does not exist.\r\n550 5.1.1 Spam, relay, DKIM', bounced],
    ['RCPT', '550 5.1.2 no such domain', bounced],
    ['RCPT', '550 5.1.3 bad address syntax', invalid],
    ['RCPT', '551 5.1.6 has moved', bounced],
    ['RCPT', '556 5.1.10 null MX', bounced],
    ['RCPT', '550 5.2.1 mailbox disabled', bounced],
    ['RCPT', '550 5.4.1 Recipient address rejected: Access denied', bounced],
    ['RCPT', '550 No such user here', bounced],
    ['RCPT', '550 mailbox unavailable', bounced],
    ['RCPT', '550 5.0.0 <spf@example.net>... User unknown', bounced],
    ['RCPT', '554 5.7.1 Recipient address rejected: unknown user', bounced],
    ['RCPT', '551 user not local', bounced],
    ['RCPT', '550 sorry, no mailbox here by that name (#5.1.1)', bounced],
    ['RCPT', '550 5.1.0 Address rejected', bounced],
    ['RCPT', '553 mailbox name not allowed', invalid],
    ['RCPT', '553 5.6.7 not ASCII', invalid],
    ['RCPT', '501 5.1.3 bad recipient address syntax', invalid],
    ['END', '550 5.1.1 no such user', bounced],
  ])('%s %s: the destination is dead', async (step, answer, outcome) => {
    const end = await endWith(step, answer);
    expect(end).toMatchObject({ ...outcome, detail: expect.stringMatching(/^SMTP 55?\d\d( 5\.\d+\.\d+)?$/) });
  });

  it.each([
    ['END', '554 5.7.1 looks like spam'],
    ['END', '554 5.7.1 "SPF DKIM relay access denied authentication required" is spam'],
    ['END', '550 5.7.0 virus'],
    ['END', '554 transaction failed'],
    ['END', '550 no'],
    ['END', '554 5.6.0 bad headers'],
    ['END', '552 5.3.4 too big'],
    ['END', '552 Message size exceeds maximum permitted'],
    ['MAIL', '552 5.3.4 too big'],
    ['DATA', '554 5.5.1 no'],
    ['RCPT', '554 5.7.1 not allowed by the recipient'],
    ['RCPT', '550 5.7.1 message rejected by policy'],
    ['RCPT', '550 rejected: spam'],
    ['RCPT', '550 Administrative prohibition'],
    ['RCPT', '553 5.3.0 access denied by policy'],
    ['RCPT', '553 5.7.1 not for you'],
    ['RCPT', '552 5.7.0 refused'],
    ['RCPT', '554 5.2.3 too long for this mailbox'],
  ])('%s %s: this mail, and no other', async (step, answer) => {
    expect(await endWith(step, answer)).toBeInstanceOf(UnrecoverableJobError);
  });

  it.each([
    ['CONNECT', '554 no SMTP service here'],
    ['CONNECT', '521 takes no mail'],
    ['CONNECT', '550 5.7.1 your address is on a list'],
    ['AUTH', '535 5.7.8 wrong'],
    ['AUTH', '534 5.7.9 too weak'],
    ['AUTH', '538 5.7.11 encryption required'],
    ['AUTH', '530 5.7.0 start TLS first'],
    ['AUTH', '504 5.5.4 unknown mechanism'],
    ['AUTH', '432 4.7.12 password transition'],
    ['STARTTLS', '502 5.5.1 not here'],
    ['STARTTLS', '501 syntax'],
    ['MAIL', '530 5.7.0 authentication required'],
    ['MAIL', '550 5.7.1 relaying denied'],
    ['MAIL', '553 5.1.8 sender domain does not exist'],
    ['MAIL', '553 5.1.7 bad sender'],
    ['MAIL', '550 5.7.23 SPF'],
    ['MAIL', '501 5.1.7 syntax'],
    ['RCPT', '530 5.7.0 authentication required'],
    ['RCPT', '550 5.7.1 Unable to relay'],
    ['RCPT', '554 5.7.1 <ben@example.net>: Relay access denied'],
    ['RCPT', '550 relay not permitted'],
    ['RCPT', '550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain'],
    ['RCPT', '550 5.7.606 Access denied, banned sending IP'],
    ['RCPT', '550 5.1.0 <chat@example.org>: Sender address rejected: User unknown'],
    ['RCPT', '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using a list'],
    ['RCPT', '503 5.5.4 authenticate first'],
    ['RCPT', '553 sorry, that domain is not in my list of allowed rcpthosts (#5.7.1)'],
    ['RCPT', '553 5.7.1 <chat@example.org>: Sender address rejected: not logged in'],
    ['RCPT', '550 Sender verify failed'],
    ['END', '550 5.7.26 neither SPF nor DKIM passes'],
    ['END', '550 5.7.60 SMTP; Client does not have permissions to send as this sender'],
    ['END', '550 5.7.509 the sending domain does not pass DMARC'],
    ['END', '530 5.7.0 sign in'],
  ])('%s %s: our settings', async (step, answer) => {
    const end = await endWith(step, answer);
    expect(end).toBeInstanceOf(ChannelSettingsError);
    expect((end as Error).message).toContain(answer.slice(0, 3));
    expect((end as Error).message).toMatch(/check /);
  });

  it.each([
    ['END', '550 5.4.5 daily sending quota exceeded'],
    ['MAIL', '550 5.7.28 too many mails'],
  ])('%s %s: all of ours, for an hour', async (step, answer) => {
    const end = await endWith(step, answer);
    expect(end).toBeInstanceOf(RateLimited);
    expect(end).toMatchObject({ delayMs: HOUR });
  });

  it.each([
    ['MAIL', '503 5.5.1 bad sequence'],
    ['END', '354 what'],
    ['CONNECT', '354 what'],
    ['CONNECT', 'no SMTP at all'],
  ])('%s %s: the service', async (step, answer) => {
    expect(await endWith(step, answer)).toBeInstanceOf(NotificationSendError);
  });

  it.each([
    ['RCPT', '550 5.1.1 no such user', { outcome: 'refused' }],
    ['RCPT', '451 4.7.1 Greylisted, again in 5 minutes', { code: 'DESTINATION_BUSY', retryAfterMs: 301_000 }],
    ['MAIL', '553 5.1.8 no such sender', { code: 'CHANNEL_SETTINGS' }],
    ['END', '554 5.7.1 spam', { code: 'UNRECOVERABLE_JOB' }],
  ])('is the same of a server that takes all commands at once: %s %s', async (step, answer, expected) => {
    const peer = await startSmtpPeer({ [step]: answer }, ['PIPELINING', 'SIZE 1000000']);
    if (step !== 'END') peer.answers['DATA'] = '503 5.5.1 no valid recipients';
    closing.push(() => peer.close());
    const end = await channelTo(peer.port)
      .send(mail, signal)
      .catch((error: unknown) => error);
    expect(end).toMatchObject(expected);
  });

  it('says nothing of the words of an answer, nor of where the mail went', async () => {
    for (const [step, answer] of [
      ['RCPT', '550 5.1.1 <ben@example.net> MARKER'],
      ['RCPT', '451 4.7.1 <ben@example.net> MARKER'],
      ['RCPT', '550 5.7.1 relaying denied MARKER ben@example.net'],
      ['END', '554 5.7.1 "MARKER" looks like spam'],
      ['AUTH', '535 5.7.8 MARKER hunter2secret'],
    ] as const) {
      const end = await endWith(step, answer);
      const said =
        end instanceof Error ? `${end.message}${end.stack ?? ''}${String(end.cause)}` : JSON.stringify(end);
      expect(said).not.toMatch(/MARKER|ben@|hunter2/);
    }
  });

  it('judges a 421 to a recipient on a connection that served before as one on a new connection', async () => {
    const peer = await startSmtpPeer();
    closing.push(() => peer.close());
    const channel = channelTo(peer.port, { maxConnections: 1 });
    await channel.send(mail, signal);
    peer.answers['RCPT'] = '421 4.7.0 try again later';
    const end = await channel
      .send({ ...mail, notificationId: 'm_2' }, signal)
      .catch((error: unknown) => error);
    expect(end).toBeInstanceOf(DestinationBusyError);
    delete peer.answers['RCPT'];
    expect(await channel.send({ ...mail, notificationId: 'm_3' }, signal)).toMatchObject({ outcome: 'sent' });
  });
});

describe('The wait that a server names', () => {
  it.each([
    ['4.7.1 Greylisted, try again in 300 seconds', 301],
    ['Greylisting in action, please come back in 00:05:00', 301],
    ['retry after 5 minutes', 301],
    ['Greylisted for 1 hour', 3601],
    ['try again later (in 90 secs)', 91],
    ['Please wait 2 mins', 121],
    ['come back in 5:00', 301],
    ['Try again in 1h', 3601],
  ])('%j: %s s', (words, seconds) => {
    expect(namedWait(words)).toBe(seconds * 1_000);
  });

  it.each([
    ['try again later'],
    ['again in 0 seconds'],
    ['again in 99999 hours'],
    ['again in -5 seconds'],
    ['for 300 sessions'],
    ['in 3 mailboxes'],
    ['error 300 seconds'],
    ['again in 3.5'],
    [''],
    [`again in ${'9'.repeat(400)} seconds`],
  ])('%j: none that can be read', (words) => {
    expect(namedWait(words)).toBeNull();
  });
});
