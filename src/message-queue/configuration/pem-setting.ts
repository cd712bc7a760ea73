import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Parsed, SettingType } from './setting-type.js';

const EXPECTED = 'as PEM text (\\n for line breaks is fine), or the path of a PEM file';
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/** One or more certificates. The value is their PEM text; a file is read once. */
export function certificates(): SettingType<string> {
  return {
    expected: `certificates ${EXPECTED}`,
    parse: (raw) => parsePem(raw, checkCertificates),
    format: (value) => value,
  };
}

/** A private key without a passphrase. The value is its PEM text; a file is read once. */
export function privateKey(): SettingType<string> {
  return {
    expected: `a private key ${EXPECTED}`,
    parse: (raw) => parsePem(raw, checkKey),
    format: (value) => value,
  };
}

function parsePem(raw: unknown, problemOf: (pem: string) => string | null): Parsed<string> {
  if (typeof raw !== 'string' || raw.trim() === '') return { ok: false };
  let pem = raw.trim();
  if (pem.includes('-----BEGIN')) pem = pem.replaceAll('\\n', '\n');
  else {
    try {
      pem = readFileSync(pem, 'utf8');
    } catch (error) {
      return { ok: false, reason: `the file cannot be read: ${(error as NodeJS.ErrnoException).code}` };
    }
  }
  const reason = problemOf(pem);
  return reason === null ? { ok: true, value: pem } : { ok: false, reason };
}

function checkCertificates(pem: string): string | null {
  const blocks = [...pem.matchAll(BLOCK)];
  if (blocks.length === 0 || blocks.some(([, kind]) => kind !== 'CERTIFICATE')) {
    return 'it does not hold certificates alone';
  }
  try {
    for (const [block] of blocks) new X509Certificate(block);
    return null;
  } catch {
    return 'it holds a certificate that cannot be read';
  }
}

function checkKey(pem: string): string | null {
  if (/ENCRYPTED/.test(pem)) return 'it has a passphrase';
  try {
    createPrivateKey(pem);
    return null;
  } catch {
    return 'it does not hold a private key';
  }
}
