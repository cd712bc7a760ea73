import { createSecureContext } from 'node:tls';
import type { Issue } from '../../kernel/errors.js';
import type { RedisTls } from '../message-queue.options.js';
import { CONFIGURATION_SCHEMA } from './configuration-schema.js';
import type { SettingKey, SettingValues } from './configuration-schema.js';
import type { Origins } from './redis-settings.js';

const DETAILS = [
  'redis.tlsCa',
  'redis.tlsCert',
  'redis.tlsKey',
  'redis.tlsServerName',
] as const satisfies readonly SettingKey[];

/** Puts the TLS settings together; false without TLS. Contradictions go to `issues`. */
export function resolveTls(
  enabled: boolean,
  values: SettingValues,
  origins: Origins,
  issues: Issue[],
): false | RedisTls {
  if (!enabled) {
    for (const key of DETAILS) {
      if (origins[key] === undefined) continue;
      const message = 'is set, but TLS is off; use rediss:// or set REDIS_TLS=true, or remove it.';
      issues.push({ path: origins[key], message });
    }
    return false;
  }
  const [cert, key] = [values['redis.tlsCert'], values['redis.tlsKey']];
  if ((cert === null) !== (key === null)) {
    const [given, missing] =
      cert === null
        ? (['redis.tlsKey', 'redis.tlsCert'] as const)
        : (['redis.tlsCert', 'redis.tlsKey'] as const);
    const message = `is set without ${missing} (${CONFIGURATION_SCHEMA[missing].variable}); a client certificate needs both.`;
    // A value that could not be read has been told already.
    if (origins[missing] === undefined) issues.push({ path: origins[given] ?? given, message });
  } else if (cert !== null && key !== null && !fit(cert, key)) {
    const message = `is not the private key of ${origins['redis.tlsCert'] ?? 'redis.tlsCert'}.`;
    issues.push({ path: origins['redis.tlsKey'] ?? 'redis.tlsKey', message });
  }
  return Object.freeze({
    ca: values['redis.tlsCa'] ?? undefined,
    cert: cert ?? undefined,
    key: key ?? undefined,
    serverName: values['redis.tlsServerName'] ?? undefined,
  });
}

function fit(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key });
    return true;
  } catch {
    return false;
  }
}
