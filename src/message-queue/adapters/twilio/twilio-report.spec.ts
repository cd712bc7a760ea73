import { createHash, createHmac } from 'node:crypto';
import { readTwilioReport } from './twilio-report.js';
import { TwilioSignatureError, verifyTwilioRequest } from './twilio-signature.js';

const TOKEN = 'f3a1c9d2e4b5a69788796a5b4c3d2e1f';
const URL_OF_REPORTS = 'https://api.example.org/twilio/reports?tenant=1';
const NOW = 1_700_000_000_000;

function signed(data: string, token = TOKEN): string {
  return createHmac('sha1', token).update(data).digest('base64');
}

function request(fields: Record<string, string>, url = URL_OF_REPORTS) {
  const sorted = Object.keys(fields).sort();
  const signature = signed(url + sorted.map((name) => `${name}${fields[name]}`).join(''));
  return { url, headers: { 'x-twilio-signature': signature }, body: fields };
}

const report = (fields: Record<string, string>, advancedOptOut = false) =>
  readTwilioReport(request(fields), { authToken: TOKEN, now: NOW, advancedOptOut });

describe('a request of Twilio', () => {
  it.each([
    ['+14158675310', 'GvWf1cFY/Q7PnoempGyD5oXAezc='],
    ['+14158675309', 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
  ])('is verified as in the examples of its documentation: %s', (number, signature) => {
    const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
    const body = {
      ...{ CallSid: 'CA1234567890ABCDE', Caller: number, Digits: '1234', From: number, To: '+18005551212' },
    };
    const given = { url, headers: { 'x-twilio-signature': signature }, body };
    expect(verifyTwilioRequest(given, '12345')).toEqual(body);
    expect(() => verifyTwilioRequest({ ...given, body: { ...body, Digits: '1235' } }, '12345')).toThrow(
      TwilioSignatureError,
    );
  });

  it('is what was signed, and nothing else', () => {
    const right = request({ MessageSid: 'SM1', MessageStatus: 'delivered', To: '+15005550001' });
    expect(verifyTwilioRequest(right, ['another token', TOKEN])).toEqual(right.body);
    const signature = right.headers['x-twilio-signature'];
    const wrong = [
      { ...right, url: `${right.url}&more=1` },
      { ...right, url: 'not a URL' },
      { ...right, headers: {} },
      { ...right, headers: { 'x-twilio-signature': '' } },
      { ...right, headers: { 'x-twilio-signature': [signature, signature] } },
      { ...right, headers: { 'x-twilio-signature': signature.slice(0, -4) } },
      { ...right, body: { ...right.body, To: '+15005550002' } },
      { ...right, body: { ...right.body, More: 'x' } },
      { ...right, body: { ...right.body, To: { x: 'y' } } },
      { ...right, body: '' },
    ];
    for (const one of wrong) expect(() => verifyTwilioRequest(one, TOKEN)).toThrow(TwilioSignatureError);
    expect(() => verifyTwilioRequest(right, 'another token')).toThrow(TwilioSignatureError);
    for (const token of ['', [], [TOKEN, '']])
      expect(() => verifyTwilioRequest(right, token)).toThrow(/authToken/);
  });

  it('is read from the body as it came too, and with the port that Twilio signed', () => {
    const fields = { MessageSid: 'SM1', MessageStatus: 'delivered', Body: 'ä & b+c' };
    const right = request(fields);
    expect(verifyTwilioRequest({ ...right, body: new URLSearchParams(fields).toString() }, TOKEN)).toEqual(
      fields,
    );
    const withPort = request(fields, 'https://api.example.org:443/twilio/reports?tenant=1');
    expect(verifyTwilioRequest({ ...withPort, url: URL_OF_REPORTS }, TOKEN)).toEqual(fields);
    const other = request(fields, 'https://api.example.org/twilio');
    expect(verifyTwilioRequest({ ...other, url: 'https://api.example.org:8443/twilio' }, TOKEN)).toEqual(
      fields,
    );
  });

  it('counts a repeated field once for each of its values', () => {
    const url = 'https://api.example.org/x';
    const headers = { 'x-twilio-signature': signed(`${url}MediaUrlaMediaUrlb`) };
    expect(verifyTwilioRequest({ url, headers, body: { MediaUrl: ['b', 'a', 'b'] } }, TOKEN)).toBeTruthy();
    expect(
      verifyTwilioRequest({ url, headers, body: 'MediaUrl=b&MediaUrl=a&MediaUrl=b' }, TOKEN),
    ).toBeTruthy();
  });

  it('with JSON is verified by the digest of its body, as it came', () => {
    const body = JSON.stringify({
      MessageSid: 'SM1',
      MessageStatus: 'undelivered',
      ErrorCode: 30005,
      To: '+15005550001',
    });
    const url = `https://api.example.org/x?bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
    const right = { url, headers: { 'x-twilio-signature': signed(url) }, body };
    expect(readTwilioReport(right, { authToken: TOKEN, now: NOW })).toMatchObject({ outcome: 'bounced' });
    expect(readTwilioReport({ ...right, body: Buffer.from(body) }, { authToken: TOKEN })).not.toBeNull();
    for (const other of [`${body} `, '', JSON.parse(body) as Record<string, unknown>])
      expect(() => verifyTwilioRequest({ ...right, body: other }, TOKEN)).toThrow(TwilioSignatureError);
  });
});

describe('what Twilio reports', () => {
  const to = { MessageSid: 'SM1', To: '+15005550001', From: '+15005550006' };
  const about = { channel: 'sms', providerId: 'SM1', destination: '+15005550001', at: new Date(NOW) };

  it.each([
    ['delivered', '', { outcome: 'delivered', permanent: false, detail: null }],
    ['read', '', { outcome: 'delivered', permanent: false, detail: null }],
    ['undelivered', '30003', { outcome: 'failed', permanent: false, detail: 'Twilio 30003' }],
    ['undelivered', '30004', { outcome: 'failed', permanent: false, detail: 'Twilio 30004' }],
    ['undelivered', '30005', { outcome: 'bounced', permanent: true, detail: 'Twilio 30005' }],
    ['undelivered', '30006', { outcome: 'failed', permanent: true, detail: 'Twilio 30006' }],
    ['undelivered', '30007', { outcome: 'failed', permanent: false, detail: 'Twilio 30007' }],
    ['undelivered', '30008', { outcome: 'failed', permanent: false, detail: 'Twilio 30008' }],
    ['failed', '21610', { outcome: 'opted-out', permanent: true, detail: 'Twilio 21610' }],
    ['failed', '21614', { outcome: 'failed', permanent: true, detail: 'Twilio 21614' }],
    ['failed', '30002', { outcome: 'failed', permanent: false, detail: 'Twilio 30002' }],
    ['failed', '', { outcome: 'failed', permanent: false, detail: 'Twilio failed' }],
    ['failed', '+15005550001', { outcome: 'failed', permanent: false, detail: 'Twilio failed' }],
    ['canceled', '', { outcome: 'failed', permanent: false, detail: 'Twilio canceled' }],
  ])('of an SMS: %s %s', (MessageStatus, ErrorCode, expected) => {
    expect(report({ ...to, MessageStatus, ErrorCode })).toEqual({ ...about, ...expected });
    const old = { SmsSid: 'SM1', SmsStatus: MessageStatus, To: to.To, ErrorCode };
    expect(report(old)).toEqual({ ...about, ...expected });
  });

  it.each(['queued', 'accepted', 'scheduled', 'sending', 'sent', 'partially_delivered', 'something new', ''])(
    'nothing yet of an SMS that is %s',
    (MessageStatus) => expect(report({ ...to, MessageStatus })).toBeNull(),
  );

  const received = { MessageSid: 'SM2', SmsStatus: 'received', From: '+15005550001', To: '+15005550006' };
  const wish = {
    channel: 'sms',
    providerId: null,
    destination: '+15005550001',
    permanent: true,
    at: new Date(NOW),
  };

  it.each([
    ...['STOP', 'stop', ' Stop\n', 'StopAll', 'UNSUBSCRIBE', 'Cancel', 'END', 'quit', 'OptOut', 'REVOKE'].map(
      (Body) => [Body, { outcome: 'opted-out', detail: 'Twilio STOP' }] as const,
    ),
    ...['START', 'yes', 'Unstop'].map(
      (Body) => [Body, { outcome: 'opted-in', detail: 'Twilio START' }] as const,
    ),
  ])('an incoming %j', (Body, expected) => {
    expect(report({ ...received, Body })).toEqual({ ...wish, ...expected });
    // The messaging service's own keywords decide.
    expect(report({ ...received, Body }, true)).toBeNull();
  });

  it.each(['stop please', 'please STOP', 'HELP', 'INFO', 'stopp', '', 'stop.'])(
    'nothing of an incoming %j',
    (Body) => expect(report({ ...received, Body })).toBeNull(),
  );

  it.each([
    ['STOP', 'opted-out'],
    ['START', 'opted-in'],
  ])('what Twilio itself took for %s, whatever its words', (OptOutType, outcome) => {
    for (const advanced of [true, false])
      expect(report({ ...received, OptOutType, Body: 'Arrêt' }, advanced)).toMatchObject({
        ...wish,
        outcome,
      });
    expect(report({ ...received, OptOutType: 'HELP', Body: 'STOP' })).toBeNull();
  });

  it('nothing of what is no SMS', () => {
    const from = { ...received, From: 'whatsapp:+15005550001', Body: 'STOP' };
    expect(report(from)).toBeNull();
    const whatsapp = { ...to, To: 'whatsapp:+15005550001', MessageStatus: 'failed', ErrorCode: '63016' };
    expect(report(whatsapp)).toMatchObject({ destination: null, permanent: false });
  });
});
