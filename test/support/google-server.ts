import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AgentOptions } from 'node:https';
import { selfSignedCertificate } from './self-signed-certificate.js';

const TOKEN_HOST = 'oauth2.googleapis.com';
const FCM_HOST = 'fcm.googleapis.com';
const PROJECT = 'chat-test';
const EMAIL = `pusher@${PROJECT}.iam.gserviceaccount.com`;

/** A push as it came over the wire. */
export interface ReceivedPush {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly message: Readonly<Record<string, unknown>>;
}

/** How the server answers; `none`: it reads the request and stays silent. */
export type GoogleAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | 'none';

/**
 * Plays `oauth2.googleapis.com`, where service accounts sign in, and `fcm.googleapis.com` (HTTP v1) on a loopback port, over TLS with
 * a certificate of its own.
 */
export class GoogleServer {
  /** Pushes that arrived with a good access token. */
  readonly pushes: ReceivedPush[] = [];
  signIns = 0;
  /** Answers to pushes, used up from the front; when there are none, the push is taken. */
  readonly pushAnswers: (GoogleAnswer | Promise<GoogleAnswer>)[] = [];
  /** Instead of an access token. */
  signInAnswer: GoogleAnswer | null = null;

  private readonly keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

  private constructor(
    private readonly server: Server,
    private readonly certificate: { readonly cert: string },
  ) {}

  static async start(): Promise<GoogleServer> {
    const certificate = selfSignedCertificate(TOKEN_HOST, FCM_HOST);
    const server = createServer(certificate);
    const google = new GoogleServer(server, certificate);
    server.on('request', (request, response) => void google.serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return google;
  }

  /** What the Firebase console gives out as JSON. */
  get serviceAccount(): { project_id: string; client_email: string; private_key: string } {
    return { project_id: PROJECT, client_email: EMAIL, private_key: this.keys.privateKey };
  }

  /** An agent's options win over a request's address: everything goes here, with Google's names. */
  get connection(): AgentOptions {
    const { port } = this.server.address() as AddressInfo;
    return { host: '127.0.0.1', port, ca: this.certificate.cert };
  }

  /** Connections that are open now. */
  async connections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
    );
  }

  /** Forgets what has happened. */
  reset(): void {
    this.pushes.length = 0;
    this.pushAnswers.length = 0;
    this.signIns = 0;
    this.signInAnswer = null;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const answer = await (request.headers.host === TOKEN_HOST ? this.signIn(body) : this.take(request, body));
    if (answer === 'none') return;
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
  }

  private signIn(body: string): GoogleAnswer {
    this.signIns += 1;
    if (this.signInAnswer !== null) return this.signInAnswer;
    const [head = '', claims = '', signature = ''] = (new URLSearchParams(body).get('assertion') ?? '').split(
      '.',
    );
    const key = createPublicKey(this.keys.publicKey);
    const isSigned = verify(
      'RSA-SHA256',
      Buffer.from(`${head}.${claims}`),
      key,
      Buffer.from(signature, 'base64url'),
    );
    const { iss } = isSigned
      ? (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: string })
      : {};
    if (iss !== EMAIL) return { status: 400, body: { error: 'invalid_grant', error_description: 'MARKER' } };
    return { status: 200, body: { access_token: 'access-1', expires_in: 3_600, token_type: 'Bearer' } };
  }

  private take(request: IncomingMessage, body: string): GoogleAnswer | Promise<GoogleAnswer> {
    if (request.headers.authorization !== 'Bearer access-1') return fcmError(401, 'UNAUTHENTICATED');
    const { message } = JSON.parse(body) as Pick<ReceivedPush, 'message'>;
    this.pushes.push({ path: request.url ?? '', headers: request.headers, message });
    return (
      this.pushAnswers.shift() ?? {
        status: 200,
        body: { name: `projects/${PROJECT}/messages/${this.pushes.length}` },
      }
    );
  }
}

/** An error as FCM's HTTP v1 API writes it. */
export function fcmError(
  status: number,
  name: string,
  errorCode?: string,
  headers?: Readonly<Record<string, string>>,
): GoogleAnswer {
  const type = 'type.googleapis.com/google.firebase.fcm.v1.FcmError';
  const details = errorCode === undefined ? [] : [{ '@type': type, errorCode }];
  const message = 'MARKER: about token-secret';
  return {
    status,
    body: { error: { code: status, message, status: name, details } },
    ...(headers && { headers }),
  };
}
