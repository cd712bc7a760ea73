import { createHash } from 'node:crypto';

const LENGTH = 16;

/** A cursor that fits its own question only, and is whole. @param question what was asked, without its cursor */
export function sealedCursor(cursor: string, question: string): string {
  return `${digest(cursor, question)}${cursor}`;
}

/** @returns the cursor; null when it is none, was changed, or is of another question */
export function openedCursor(sealed: string, question: string): string | null {
  const cursor = sealed.slice(LENGTH);
  return cursor !== '' && sealed.slice(0, LENGTH) === digest(cursor, question) ? cursor : null;
}

function digest(cursor: string, question: string): string {
  const hash = createHash('sha256').update(JSON.stringify([question, cursor]));
  return hash.digest('base64url').slice(0, LENGTH);
}
