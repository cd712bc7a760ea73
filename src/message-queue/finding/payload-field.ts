import { isRecord } from '../../kernel/values/kinds.js';
import { isSealed } from '../jobs/sealing/payload-seal.js';

/** One job whose payload is looked at. */
export interface LookedAtJob {
  readonly queue: string;
  readonly job: string;
  readonly id: string;
}

/** What somebody may see of a payload: all of it, or what the host's `redact` leaves. Nothing is found by what nobody may see. */
export type SeenPayload = (job: LookedAtJob, payload: unknown) => unknown;

/** Sees every payload as it is stored. */
export const asStored: SeenPayload = (_job, payload) => payload;

/** A condition on one field of a payload. */
export interface PayloadField {
  readonly path: readonly string[];
  readonly value: string;
}

const DEEPEST = 20;
const CONDITION = /^\s*(?<path>[^\s=][^=]*?)\s*=\s*(?<value>.*?)\s*$/su;

/** Reads `a.b = value`; the value may be in double quotes. @returns null when it is no condition */
export function payloadField(text: string): PayloadField | null {
  const { path, value } = CONDITION.exec(text)?.groups ?? {};
  if (path === undefined || value === undefined) return null;
  const steps = path.split('.');
  if (steps.length > DEEPEST || steps.some((step) => step === '' || /\s/u.test(step))) return null;
  const quoted = /^"(?<inner>.*)"$/su.exec(value)?.groups?.['inner'];
  return { path: steps, value: quoted ?? value };
}

/** Whether a payload has the value there: that of a text, a number, true, false or null; of a list, one of its items is enough. */
export function hasField(payload: unknown, { path, value }: PayloadField): boolean {
  return !isSealed(payload) && reaches(payload, path, 0, value);
}

function reaches(at: unknown, path: readonly string[], step: number, value: string): boolean {
  if (Array.isArray(at)) {
    const key = path[step];
    if (key !== undefined && /^\d+$/.test(key) && reaches(at[Number(key)], path, step + 1, value))
      return true;
    return at.some((item) => reaches(item, path, step, value));
  }
  const key = path[step];
  if (key === undefined) return textOf(at) === value;
  return isRecord(at) && Object.hasOwn(at, key) && reaches(at[key], path, step + 1, value);
}

function textOf(leaf: unknown): string | undefined {
  if (leaf === null) return 'null';
  return typeof leaf === 'string' || typeof leaf === 'number' || typeof leaf === 'boolean'
    ? String(leaf)
    : undefined;
}

/** Whether a text stands anywhere in a payload, whatever its case. @param text in small letters */
export function holdsText(payload: unknown, text: string): boolean {
  if (isSealed(payload)) return false;
  const json = JSON.stringify(payload) as string | undefined;
  if (json === undefined) return false;
  // What JSON escapes is looked for as it is written there.
  return json.toLowerCase().includes(JSON.stringify(text).slice(1, -1));
}
