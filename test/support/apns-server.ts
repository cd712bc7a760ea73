import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createSecureServer } from 'node:http2';
import type {
  Http2SecureServer,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
  SecureServerOptions,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { selfSignedCertificate } from './self-signed-certificate.js';

/** A push as it came over the wire. */
export interface ReceivedPush {
  readonly headers: IncomingHttpHeaders;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly bytes: number;
  /** Claims of a token with a good signature, and its key's id; null: no good one. */
  readonly claims: { readonly iss: string; readonly iat: number; readonly kid: string } | null;
  readonly session: ServerHttp2Session;
}

/** How the server answers; `none`: it reads the push and stays silent. `refuse`: it says that it has not looked at it. */
export type ApnsServerAnswer =
  | {
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | 'none'
  | 'refuse';

/** A refusal as APNs writes it. */
export function apnsError(status: number, reason: string, more: object = {}): ApnsServerAnswer {
  return { status, body: { reason, ...more } };
}

const { privateKey, publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** Plays APNs on a loopback port: HTTP/2 over TLS with a certificate of its own. */
export class ApnsServer {
  /** What `ApnsPushChannel` needs to be taken for the team. */
  static readonly account = { teamId: 'TEAM000001', keyId: 'KEY0000001', privateKey } as const;

  readonly pushes: ReceivedPush[] = [];
  /** Answers to pushes, used up from the front; when there are none, the push is taken. */
  readonly answers: (ApnsServerAnswer | Promise<ApnsServerAnswer>)[] = [];
  readonly sessions = new Set<ServerHttp2Session>();
  /** Connections that were ever opened. */
  opened = 0;

  private constructor(
    private readonly server: Http2SecureServer,
    readonly ca: string,
  ) {}

  static async start(options: SecureServerOptions = {}): Promise<ApnsServer> {
    const certificate = selfSignedCertificate();
    const server = createSecureServer({ ...certificate, ...options });
    const apns = new ApnsServer(server, certificate.cert);
    server
      .on('session', (session) => {
        apns.opened += 1;
        apns.sessions.add(session);
        session.on('error', () => undefined).on('close', () => apns.sessions.delete(session));
      })
      .on('stream', (stream, headers) => void apns.serve(stream, headers));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return apns;
  }

  get baseUrl(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Forgets what has happened. */
  reset(): void {
    this.pushes.length = 0;
    this.answers.length = 0;
    this.opened = 0;
  }

  async stop(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    stream.on('error', () => undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    this.pushes.push({
      headers,
      payload: JSON.parse(body) as Record<string, unknown>,
      bytes: Buffer.byteLength(body),
      claims: claimsOf(headers.authorization ?? ''),
      session: stream.session as ServerHttp2Session,
    });
    const answer = await (this.answers.shift() ?? { status: 200 });
    if (answer === 'none' || stream.destroyed) return;
    if (answer === 'refuse') {
      stream.close(7);
      return;
    }
    stream.respond({
      ':status': answer.status,
      'apns-id': headers['apns-id'],
      ...answer.headers,
    });
    stream.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  }
}

function claimsOf(authorization: string): ReceivedPush['claims'] {
  const [head = '', claims = '', signature = ''] = authorization.replace(/^bearer /, '').split('.');
  const key = { key: createPublicKey(publicKey), dsaEncoding: 'ieee-p1363' } as const;
  const signed = Buffer.from(`${head}.${claims}`);
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return null;
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  return { ...(read(claims) as { iss: string; iat: number }), ...(read(head) as { kid: string }) };
}
