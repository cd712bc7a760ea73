import { BrokerUnavailableError } from '../../../jobs/errors.js';
import { replyOf } from '../../../../kernel/redis/redis-replies.js';

const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /self.signed|unable to (verify|get)|UNABLE_TO|SELF_SIGNED/i,
    'The certificate of Redis is not signed by an authority that is trusted here: set REDIS_TLS_CA (redis.tlsCa) to the certificate of the authority that signed it.',
  ],
  [
    /altnames|ERR_TLS_CERT_ALTNAME_INVALID/,
    'The certificate of Redis is for a different name than the host that was connected to: connect to a name it covers, or set REDIS_TLS_SERVER_NAME (redis.tlsServerName).',
  ],
  [
    /certificate required|handshake failure/i,
    'Redis asks for a client certificate: set REDIS_TLS_CERT and REDIS_TLS_KEY (redis.tlsCert, redis.tlsKey).',
  ],
  [
    /alert (unknown ca|bad certificate|certificate (expired|revoked|unknown)|unsupported certificate)/i,
    'Redis does not accept the client certificate: REDIS_TLS_CERT must be valid and signed by an authority that the server trusts (tls-ca-cert-file).',
  ],
  [/certificate has expired|CERT_HAS_EXPIRED/i, 'Renew the certificate of Redis.'],
  [
    /wrong version number|packet length too long/i,
    'The server that answered does not speak TLS: use redis://, or the tls-port of the server.',
  ],
];
/** Of a process that stays: one that reads and leaves does not try again. */
export const TRIED_AGAIN = ' It is tried again until Redis accepts it.';
const CUT = /ECONNRESET|EPIPE/;
/** What ioredis says when Sentinels or the nodes of a Cluster fail, whatever the reason. */
const VAGUE = /Connection is closed|Failed to refresh slots/;
const NO_ANSWER = /ETIMEDOUT/;

/**
 * Turns a connection error into one that an operator can act on: what failed, and what to set.
 * @param wasReady whether the connection ever worked: if it fails at once, its settings are more likely wrong
 */
export function explained(error: Error, tls: boolean, wasReady: boolean): Error {
  // A Cluster reports its nodes' errors here.
  const { lastNodeError } = error as { lastNodeError?: Error };
  const cause = lastNodeError instanceof Error ? lastNodeError : error;
  const reply = replyOf(cause);
  if (reply !== null) {
    const message = `Redis refuses the connection: ${reply.text}. ${reply.remedy}${TRIED_AGAIN}`;
    return new BrokerUnavailableError(message, { cause: error }, reply.code);
  }
  const text = textOf(cause);
  const advice = adviceFor(text, tls, wasReady);
  if (advice === null) return error;
  return new BrokerUnavailableError(`Redis cannot be reached: ${text}. ${advice}`, { cause: error });
}

function adviceFor(text: string, tls: boolean, wasReady: boolean): string | null {
  const known = tls ? ADVICE.find(([pattern]) => pattern.test(text)) : undefined;
  if (known !== undefined) return known[1];
  if (wasReady) return null;
  if (tls && NO_ANSWER.test(text)) {
    return 'Nothing answered the TLS handshake: use redis:// if the server has no TLS, or its tls-port.';
  }
  if (VAGUE.test(text)) {
    return tls
      ? 'Check that Redis and its Sentinels listen there and speak TLS, and set REDIS_TLS_CA, REDIS_TLS_SERVER_NAME, REDIS_TLS_CERT and REDIS_TLS_KEY as they require.'
      : 'Check that Redis and its Sentinels listen there; if they speak TLS, use rediss:// or set REDIS_TLS=true.';
  }
  if (!tls && CUT.test(text)) {
    return 'Redis cut the connection before it answered: if it speaks TLS there, use rediss:// or set REDIS_TLS=true.';
  }
  return null;
}

/** OpenSSL wraps its reason in an address and a line of its source. */
function textOf(error: Error): string {
  const { reason } = error as { reason?: unknown };
  const inner = /SSL routines:[^:]*:([^:]+):/.exec(error.message)?.[1];
  return (typeof reason === 'string' && reason.length > 0 ? reason : (inner ?? error.message)).trim();
}
