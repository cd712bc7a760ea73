import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSignedCertificate } from '../../../../test/support/self-signed-certificate.js';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { readEnvironment } from '../../../kernel/settings/environment.js';
import { resolveConfiguration } from '../resolve-configuration.js';

const { cert, key } = selfSignedCertificate();
const other = selfSignedCertificate();

function tlsOf(env: NodeJS.ProcessEnv, redis?: object): unknown {
  const environment = readEnvironment(undefined, env);
  const options = redis === undefined ? {} : { redis };
  return resolveConfiguration({ options, environment, definitions: [] }).config.redis?.tls;
}

function problemsOf(env: NodeJS.ProcessEnv, redis?: object): string[] {
  try {
    tlsOf(env, redis);
  } catch (error) {
    if (!(error instanceof InvalidConfigurationError)) throw error;
    return error.issues.map(({ path, message }) => `${path} ${message}`);
  }
  return [];
}

describe('TLS to Redis', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mq-pem-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text);
    return join(directory, name);
  };
  const url = 'rediss://redis.example.org';

  afterAll(() => rmSync(directory, { recursive: true }));

  it('is off, on with the authorities of Node.js, or on with those it is given', () => {
    expect(tlsOf({ REDIS_URL: 'redis://h' })).toBe(false);
    expect(tlsOf({ REDIS_URL: url })).toEqual({});
    expect(tlsOf({ REDIS_HOST: 'h', REDIS_TLS: 'true', REDIS_TLS_CA: cert })).toEqual({ ca: cert.trim() });
    expect(tlsOf({ REDIS_SENTINELS: 's', REDIS_SENTINEL_NAME: 'm', REDIS_TLS: 'true' })).toEqual({});
  });

  it('takes PEM from a file, from a text, and from a text on one line', () => {
    const [ca, keyFile] = [file('ca.pem', cert + other.cert), file('key.pem', key)];
    const env = { REDIS_TLS_CA: ca, REDIS_TLS_CERT: cert.replaceAll('\n', '\\n'), REDIS_TLS_KEY: keyFile };
    const all = { ca: cert + other.cert, cert: cert.trim(), key, serverName: 'redis.internal' };
    expect(tlsOf({ REDIS_URL: url, ...env, REDIS_TLS_SERVER_NAME: 'redis.internal' })).toEqual({
      ...all,
      cert: expect.stringContaining('-----BEGIN CERTIFICATE-----\n'),
    });
    const options = { url, tlsCa: ca, tlsCert: cert, tlsKey: key, tlsServerName: 'redis.internal' };
    expect(tlsOf({}, options)).toEqual({ ...all, key: key.trim() });
  });

  it('refuses what does not fit together, and says what to set', () => {
    expect(problemsOf({ REDIS_URL: 'redis://h', REDIS_TLS_CA: cert })).toEqual([
      'REDIS_TLS_CA is set, but TLS is off; use rediss:// or set REDIS_TLS=true, or remove it',
    ]);
    expect(problemsOf({ REDIS_URL: url, REDIS_TLS_CERT: cert })).toEqual([
      expect.stringMatching(/^REDIS_TLS_CERT .*without redis.tlsKey \(REDIS_TLS_KEY\)/),
    ]);
    expect(problemsOf({}, { url, tlsKey: key })).toEqual([
      expect.stringMatching(/^redis.tlsKey .*without redis.tlsCert \(REDIS_TLS_CERT\)/),
    ]);
    expect(problemsOf({ REDIS_URL: url, REDIS_TLS_CERT: cert, REDIS_TLS_KEY: other.key })).toEqual([
      'REDIS_TLS_KEY is not the private key of REDIS_TLS_CERT',
    ]);
  });

  it('refuses what is no PEM of its kind, and shows no key', () => {
    const locked = execFileSync('openssl', ['ec', '-aes256', '-passout', 'pass:secret'], {
      input: key,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const cases: [env: NodeJS.ProcessEnv, problem: RegExp][] = [
      [
        { REDIS_TLS_CA: '/no/such/ca.pem' },
        /^REDIS_TLS_CA must be certificates.*got "\/no\/such\/ca.pem" \(the file cannot be read: ENOENT/,
      ],
      [{ REDIS_TLS_CA: file('empty.pem', '') }, /does not hold certificates alone/],
      [{ REDIS_TLS_CA: cert + key }, /does not hold certificates alone/],
      [{ REDIS_TLS_CA: cert.replace(/\n[A-Za-z0-9+/]{20}/, '\n') }, /a certificate that cannot be read/],
      [
        { REDIS_TLS_CERT: cert, REDIS_TLS_KEY: cert },
        /^REDIS_TLS_KEY .*got a string of \d+ characters .*does not hold a private key/,
      ],
      [
        { REDIS_TLS_CERT: cert, REDIS_TLS_KEY: locked },
        /^REDIS_TLS_KEY .*got a string of \d+ characters .*it has a passphrase/,
      ],
    ];
    for (const [env, problem] of cases) {
      expect(problemsOf({ REDIS_URL: url, ...env })).toEqual([expect.stringMatching(problem)]);
    }
    expect(problemsOf({ REDIS_URL: url, REDIS_TLS_CA: '' })).toEqual([]);
    // Variables about a Redis that is not used are nobody's mistake.
    expect(problemsOf({ MESSAGE_QUEUE_PROVIDER: 'memory', REDIS_TLS_CA: 'x' })).toEqual([]);
  });
});
