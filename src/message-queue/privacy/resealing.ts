import { answeredWithin } from '../../kernel/time/answered-within.js';
import { isRecord } from '../../kernel/values/kinds.js';
import { isSealed, SEALED_FIELD } from '../jobs/sealing/payload-seal.js';
import type { SealedSlot } from '../jobs/sealing/payload-seal.js';
import { KeyUnavailableError, ScopeShreddedError } from '../jobs/sealing/sealing-errors.js';
import type {
  StoredSeal,
  StoredTexts,
  TextField,
  TextReader,
  TextReplacement,
  TextVerdict,
} from '../jobs/sealing/stored-texts.js';
import type { CodecState } from './codec-state.js';
import type { DataKey, KeyLookup } from './keys/data-keys.js';
import { isOfSameRingKey } from './keys/derived-data-keys.js';
import { isStored } from './keys/stored-key-id.js';
import { readablePart } from './payload-parts.js';
import { keyIdOf, openText, readSealed, sealText } from './sealed-text.js';

/** How long a key may take, milliseconds. */
const LONGEST_LOOKUP_MS = 10_000;

const NOTHING: TextVerdict = { replacements: [], isLeft: false };

/** What resealing needs to know of a queue's seal. */
export interface ResealingParts {
  readonly queue: string;
  readonly state: Pick<CodecState, 'keys'>;
  /** Whose key seals a payload; undefined for a job that the queue does not define, of whose payload nobody here knows it. */
  scopeOf(job: string, payload: object): string | undefined;
  /** The scope of what belongs to no other. */
  readonly queueScope: string;
  /** What a seal is bound to. @param rest the readable part of a payload, or the id of the job, as JSON */
  contextOf(job: string, slot: SealedSlot | 'payload', rest: string): string;
}

interface SealedText {
  readonly field: TextField;
  readonly sealed: unknown;
  readonly context: string;
}

/** Seals what is stored with the newest key of its scope: of a store, that of the newest generation; derived, any from the ring's current key. */
export class Resealing implements StoredSeal {
  constructor(private readonly parts: ResealingParts) {}

  renewKeys(): Promise<void> {
    return this.parts.state.keys.renew();
  }

  async reseal(texts: StoredTexts): Promise<TextVerdict> {
    const payload = jsonOf(texts.data);
    const scope = isSealed(payload) ? this.parts.scopeOf(texts.name, payload) : this.parts.queueScope;
    const newest = await this.newestKey(scope ?? this.parts.queueScope);
    if (newest === 'shredded') return NOTHING;
    const replacements: TextReplacement[] = [];
    let isLeft = false;
    for (const text of this.textsIn(texts, payload)) {
      const outcome = await this.resealed(text, newest, scope !== undefined);
      if (outcome === 'left') isLeft = true;
      else if (outcome !== 'kept') replacements.push(outcome);
    }
    return { replacements, isLeft };
  }

  async missingRingKeys(): Promise<{ readonly ring: string; readonly read: TextReader }> {
    const ring = await this.parts.state.keys.ringNow();
    const isMissing = ({ sealed }: SealedText): boolean => {
      const bytes = readSealed(sealed);
      return typeof bytes !== 'string' && ring.isMissing(keyIdOf(bytes));
    };
    const read: TextReader = (texts) => {
      const found = [...this.textsIn(texts, jsonOf(texts.data))];
      return Promise.resolve({ replacements: [], isLeft: found.some(isMissing) });
    };
    return { ring: ring.names, read };
  }

  private *textsIn(
    { id, name, progress, returnvalue, failures }: StoredTexts,
    payload: unknown,
  ): Iterable<SealedText> {
    if (isSealed(payload)) {
      const context = this.parts.contextOf(name, 'payload', readablePart(payload));
      yield { field: 'data', sealed: payload[SEALED_FIELD], context };
    }
    const report = jsonOf(progress);
    const details = isRecord(report) ? report['data'] : undefined;
    if (isSealed(details)) {
      const context = this.parts.contextOf(name, 'progress', JSON.stringify(id));
      yield { field: 'progress', sealed: details[SEALED_FIELD], context };
    }
    const result = jsonOf(returnvalue);
    if (isSealed(result)) {
      const context = this.parts.contextOf(name, 'result', JSON.stringify(id));
      yield { field: 'returnvalue', sealed: result[SEALED_FIELD], context };
    }
    for (const sealed of failures) {
      yield { field: 'opts', sealed, context: this.parts.contextOf(name, 'failure', JSON.stringify(id)) };
    }
  }

  /** @returns `kept`: it need not be another, or its key was destroyed; `left`: it does not open */
  private async resealed(
    { field, sealed, context }: SealedText,
    newest: DataKey,
    isScopeKnown: boolean,
  ): Promise<TextReplacement | 'kept' | 'left'> {
    const bytes = readSealed(sealed);
    if (typeof bytes === 'string') return 'left';
    const id = keyIdOf(bytes);
    if (isNewest(id, newest.id)) return 'kept';
    // Sealed with the queue's key, what belongs to a conversation would outlive it.
    if (!isScopeKnown && isStored(newest.id)) return isStored(id) ? 'kept' : 'left';
    const key = await this.openingKey(id);
    if (key === 'shredded') return 'kept';
    const text = key === 'unknown' ? undefined : openText(key, bytes, context);
    if (text === undefined) return 'left';
    return { field, was: sealed as string, is: sealText(newest, text, context) };
  }

  private async newestKey(scope: string): Promise<DataKey | 'shredded'> {
    const {
      queue,
      state: { keys },
    } = this.parts;
    const known = keys.sealingKeyNow(scope, queue);
    if (known !== undefined) return known;
    try {
      return await this.inTime(keys.sealingKey(scope, queue));
    } catch (error) {
      if (error instanceof ScopeShreddedError) return 'shredded';
      throw error;
    }
  }

  private async openingKey(id: Buffer): Promise<KeyLookup> {
    const {
      queue,
      state: { keys },
    } = this.parts;
    try {
      return keys.openingKeyNow(id, queue) ?? (await this.inTime(keys.openingKey(id, queue)));
    } catch (error) {
      // Its ring key is gone: the others need not wait for it.
      if (error instanceof KeyUnavailableError) return 'unknown';
      throw error;
    }
  }

  private inTime<T>(answer: Promise<T>): Promise<T> {
    const { queue } = this.parts;
    return answeredWithin(answer, LONGEST_LOOKUP_MS, () => {
      const message = `Jobs of queue "${queue}" were not all sealed anew: a key did not arrive within ${LONGEST_LOOKUP_MS} ms. The same call again goes on; look at the key provider and the data key store.`;
      return new KeyUnavailableError(message, { queue });
    });
  }
}

function isNewest(id: Buffer, newest: Buffer): boolean {
  return isStored(newest) ? id.equals(newest) : isOfSameRingKey(id, newest);
}

/** Null for what is no JSON: nobody could open a text in it. */
function jsonOf(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
