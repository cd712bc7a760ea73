import { createECDH, ECDH } from 'node:crypto';

const CURVE = 'prime256v1';

/** Whether a public key, in base64url, is a point of the curve P-256. */
export function isPoint(publicKey: string): boolean {
  try {
    return ECDH.convertKey(publicKey, CURVE, 'base64url') !== '';
  } catch {
    return false;
  }
}

/** Whether a private and a public key, in base64url, belong together. */
export function isKeyPair(publicKey: string, privateKey: string): boolean {
  try {
    const keys = createECDH(CURVE);
    keys.setPrivateKey(privateKey, 'base64url');
    return keys.getPublicKey().equals(Buffer.from(publicKey, 'base64url'));
  } catch {
    return false;
  }
}
