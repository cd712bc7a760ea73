import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { kind, Refusal } from '../../../kernel/values/kind.js';
import { secret } from '../../../kernel/values/kinds.js';

const AS_PEM = 'as PEM text (\\n for line breaks is fine), or the path of a PEM file';
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

/** One or more certificates. The value is their PEM text; a file is read once. */
export const certificates = kind<string>(`certificates ${AS_PEM}`, (raw) => readPem(raw, checkCertificates));

/** A private key without a passphrase. The value is its PEM text; a file is read once. */
export const privateKey = secret(kind<string>(`a private key ${AS_PEM}`, (raw) => readPem(raw, checkKey)));

function readPem(raw: unknown, problemOf: (pem: string) => string | null): string | Refusal {
  if (typeof raw !== 'string' || raw.trim() === '') return new Refusal();
  let pem = raw.trim();
  if (pem.includes('-----BEGIN')) pem = pem.replaceAll('\\n', '\n');
  else {
    try {
      pem = readFileSync(pem, 'utf8');
    } catch (error) {
      return new Refusal(`the file cannot be read: ${(error as NodeJS.ErrnoException).code}`);
    }
  }
  const problem = problemOf(pem);
  return problem === null ? pem : new Refusal(problem);
}

function checkCertificates(pem: string): string | null {
  const blocks = [...pem.matchAll(BLOCK)];
  if (blocks.length === 0 || blocks.some(([, label]) => label !== 'CERTIFICATE')) {
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
