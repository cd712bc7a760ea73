import { InvalidConfigurationError } from '../../kernel/errors.js';
import type { ErasedKind } from '../ports/privacy/tombstone.js';

/** What may share a data key: the messages of a conversation, or everything of a tenant. */
export type KeyScopeKind = 'conversation' | 'tenant';

/** What of a payload class stays readable, what the job is about, and whose key seals the rest. */
export interface SealedFields {
  readonly readable: ReadonlySet<string>;
  readonly identifies: readonly IdentifyingField[];
  /** Undefined: the queue's key. */
  readonly scope?: { readonly kind: KeyScopeKind; readonly field: string };
}

/** A field whose value is the id of what a job is about. */
export interface IdentifyingField {
  readonly kind: ErasedKind;
  readonly field: string;
  /** Where a payload leaves it out, the job's own id stands for it. */
  readonly orJobId?: true;
}

interface OwnFields {
  readonly readable: string[];
  readonly identifies: IdentifyingField[];
  readonly scopes: { readonly kind: KeyScopeKind; readonly field: string }[];
}

const OWN_FIELDS = new WeakMap<object, OwnFields>();

/**
 * The field stays readable where a sealed job is stored: in Redis, on the board, in filters. Everything else of the payload is sealed,
 * fields that are added later too. For ids and codes; never for what a person wrote. Only fields of the payload itself, not of objects
 * in it.
 */
export function Readable(): PropertyDecorator {
  return (prototype, property) => {
    ownFields(prototype).readable.push(String(property));
  };
}

/**
 * The field, a string, is the id of a conversation, a person (`subject`) or a message that the job is about: an erasure of it, or a recall
 * of the message, removes the job, whatever its state. It stays readable, as with {@link Readable}. Several fields of a class may have it;
 * a field that has `@KeyScope('conversation')` need not. Only fields of the payload itself; those of queues that are not sealed too.
 * @param orJobId whether the job's own id stands for the field where a payload leaves it out. Default false
 */
export function Identifies(
  kind: ErasedKind,
  { orJobId = false }: { readonly orJobId?: boolean } = {},
): PropertyDecorator {
  return (prototype, property) => {
    const { readable, identifies } = ownFields(prototype);
    readable.push(String(property));
    identifies.push({ kind, field: String(property), ...(orJobId && { orJobId }) });
  };
}

/**
 * The field names the conversation or the tenant whose data key seals the payload, so that destroying that key makes it unreadable
 * everywhere. It stays readable itself, and a conversation's identifies the job, as with {@link Identifies}. One per class; a payload that
 * leaves it out is sealed with the queue's key.
 */
export function KeyScope(kind: KeyScopeKind): PropertyDecorator {
  return (prototype, property) => {
    const { readable, identifies, scopes } = ownFields(prototype);
    readable.push(String(property));
    scopes.push({ kind, field: String(property) });
    if (kind === 'conversation') identifies.push({ kind, field: String(property) });
  };
}

/**
 * What the decorators of a payload class and of those that it extends say.
 * @throws InvalidConfigurationError when it has more than one `@KeyScope`
 */
export function sealedFieldsOf(type: { readonly name: string; readonly prototype: object }): SealedFields {
  const readable = new Set<string>();
  const identifies: IdentifyingField[] = [];
  const scopes: OwnFields['scopes'] = [];
  for (let prototype: object | null = type.prototype; prototype !== null;) {
    const own = OWN_FIELDS.get(prototype);
    own?.readable.forEach((field) => readable.add(field));
    identifies.push(...(own?.identifies ?? []));
    scopes.push(...(own?.scopes ?? []));
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  const fields = new Set(scopes.map(({ field }) => field));
  if (fields.size > 1) {
    throw new InvalidConfigurationError(`The payload class ${type.name} is wrong:`, [
      {
        path: [...fields].join(', '),
        message: 'only one field may have @KeyScope: a payload is sealed with one key',
      },
    ]);
  }
  return { readable, identifies, ...(scopes[0] !== undefined && { scope: scopes[0] }) };
}

function ownFields(prototype: object): OwnFields {
  const known = OWN_FIELDS.get(prototype);
  if (known !== undefined) return known;
  const made: OwnFields = { readable: [], identifies: [], scopes: [] };
  OWN_FIELDS.set(prototype, made);
  return made;
}
