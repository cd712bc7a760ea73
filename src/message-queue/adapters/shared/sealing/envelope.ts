import { MalformedEnvelopeError } from '../../../ports/encryption/encryption-errors.js';

/** The parts of a sealed message. */
export interface Envelope {
  readonly algorithm: string;
  readonly keyId: string;
  /** First 8 bytes of HMAC-SHA-256(key, "nestjs-message-queue key check 1"): tells a wrong key from tampered data. */
  readonly check: Buffer;
  /** 12 random bytes. */
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  /** 16 bytes. */
  readonly tag: Buffer;
}

const VERSION = 'mq1';
const LENGTHS = { check: 8, nonce: 12, tag: 16 } as const;

/**
 * Text form, version 1: `mq1.<algorithm>.<key id>.<check>.<nonce>.<ciphertext>.<tag>`, all but the first two base64url. The
 * additional data is the JSON array `["nestjs-message-queue",1,algorithm,keyId,messageId]` as UTF-8.
 */
export function formatEnvelope(envelope: Envelope): string {
  const { algorithm, keyId, check, nonce, ciphertext, tag } = envelope;
  const encoded = [Buffer.from(keyId), check, nonce, ciphertext, tag].map((part) =>
    part.toString('base64url'),
  );
  return [VERSION, algorithm, ...encoded].join('.');
}

/** @throws MalformedEnvelopeError, which does not repeat the text */
export function parseEnvelope(text: string): Envelope {
  const [version, algorithm = '', ...encoded] = text.split('.', 8);
  if (version !== VERSION || encoded.length !== 5) {
    throw new MalformedEnvelopeError(
      `The text is not an envelope of version ${VERSION}: was it encrypted by this library?`,
    );
  }
  const [keyId, check, nonce, ciphertext, tag] = encoded.map(decode);
  if (
    keyId === undefined ||
    check === undefined ||
    nonce === undefined ||
    ciphertext === undefined ||
    tag === undefined
  ) {
    throw new MalformedEnvelopeError('The envelope has parts that are not base64url.');
  }
  for (const [name, part] of Object.entries({ check, nonce, tag })) {
    const length = LENGTHS[name as keyof typeof LENGTHS];
    if (part.length !== length) {
      throw new MalformedEnvelopeError(
        `The envelope's ${name} has ${part.length} bytes; it needs ${length}.`,
      );
    }
  }
  return { algorithm, keyId: keyId.toString('utf8'), check, nonce, ciphertext, tag };
}

/** The key's id alone, without decoding the rest. @throws MalformedEnvelopeError */
export function keyIdOf(text: string): string {
  const [version, , encoded = ''] = text.split('.', 3);
  const keyId = version === VERSION ? decode(encoded) : undefined;
  if (keyId !== undefined) return keyId.toString('utf8');
  throw new MalformedEnvelopeError(
    `The text is not an envelope of version ${VERSION}: was it encrypted by this library?`,
  );
}

function decode(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  // Node's decoder skips what it does not know: only text that comes out the same was base64url.
  return bytes.toString('base64url') === part ? bytes : undefined;
}
