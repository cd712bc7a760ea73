import { SEALED_FIELD } from '../jobs/sealing/payload-seal.js';
import type { PayloadParts } from '../jobs/sealing/payload-seal.js';
import type { SealedFields } from './sealed-fields.decorators.js';

/** Splits the payloads of one job name. What JSON makes of a payload is what JSON makes of its parts. */
export class PayloadSplitter {
  /** `"messageId":`, by field: names are written once. */
  private readonly names = new Map<string, string>();

  constructor(
    private readonly fields: SealedFields,
    private readonly queueScope: string,
  ) {}

  split(payload: object): PayloadParts {
    let readable = '';
    let hidden = '';
    for (const field of Object.keys(payload)) {
      const text = stringify((payload as Record<string, unknown>)[field]);
      if (text === undefined) continue;
      const entry = this.nameOf(field) + text;
      if (this.fields.readable.has(field)) readable += readable === '' ? entry : `,${entry}`;
      else hidden += hidden === '' ? entry : `,${entry}`;
    }
    const comma = readable !== '' && hidden !== '' ? 1 : 0;
    return {
      readable: `{${readable}}`,
      hidden: `{${hidden}}`,
      scope: this.scopeOf(payload),
      bytes: Buffer.byteLength(readable) + Buffer.byteLength(hidden) + comma + 2,
    };
  }

  /** Whose data key a payload is sealed with, such as `conversation:c-42`. */
  scopeOf(payload: object): string {
    const { scope } = this.fields;
    if (scope === undefined) return this.queueScope;
    const id = (payload as Record<string, unknown>)[scope.field];
    return typeof id === 'string' && id !== '' ? `${scope.kind}:${id}` : this.queueScope;
  }

  /** What a job is about, such as `subject:user-7`, each once: what the fields say that identify it. */
  namesOf(payload: unknown): string[] {
    if (this.fields.identifies.length === 0 || typeof payload !== 'object' || payload === null) return [];
    const names = new Set<string>();
    for (const { kind, field } of this.fields.identifies) {
      const id = (payload as Record<string, unknown>)[field];
      if (typeof id === 'string' && id !== '') names.add(`${kind}:${id}`);
    }
    return [...names];
  }

  private nameOf(field: string): string {
    const known = this.names.get(field);
    if (known !== undefined) return known;
    const name = `${JSON.stringify(field)}:`;
    // Payloads that nothing validates may have any number of names.
    if (this.names.size < MOST_NAMES) this.names.set(field, name);
    return name;
  }
}

const MOST_NAMES = 200;

/** Its own types forget that undefined becomes undefined. */
const stringify: (value: unknown) => string | undefined = JSON.stringify;

/** The stored JSON text of a payload whose hidden part is sealed. @param sealed base64url */
export function joinParts(readable: string, sealed: string): string {
  const start = readable === '{}' ? '{' : `${readable.slice(0, -1)},`;
  return `${start}"${SEALED_FIELD}":"${sealed}"}`;
}

/** The readable part of a stored payload, as its seal was bound to it. */
export function readablePart(stored: Readonly<Record<string, unknown>>): string {
  const { [SEALED_FIELD]: _sealed, ...readable } = stored;
  return JSON.stringify(readable);
}
