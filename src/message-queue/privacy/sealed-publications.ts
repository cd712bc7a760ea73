import { answeredWithin } from '../../kernel/time/answered-within.js';
import { SEALED_FIELD } from '../jobs/sealing/payload-seal.js';
import { KeyUnavailableError } from '../jobs/sealing/sealing-errors.js';
import { PublicationSeal } from '../ports/privacy/publication-seal.js';
import type { Publication, Unopened, UnopenedPublications } from '../ports/privacy/publication-seal.js';
import type { CodecState } from './codec-state.js';
import type { DataKey, KeyLookup } from './keys/data-keys.js';
import { keyIdOf, openContent, readSealedBytes, sealContent } from './sealed-text.js';

/** Whose data key seals publications. No queue has such a name. */
const SCOPE = 'transport:sockets';

/** The first bytes of every sealed publication; neither JSON nor the MessagePack of an object begins like that. */
const MARK = Buffer.from(SEALED_FIELD);

const LENGTH_BYTES = 4;

/** How long a publication waits for its key, milliseconds: those behind it wait too. */
const LONGEST_LOOKUP_MS = 2_000;

/** How long health speaks of a publication that was dropped, milliseconds. */
const LATELY_MS = 5 * 60_000;

/**
 * Seals publications with the data key of a scope of their own: `mq:sealed`, then what {@link sealContent} makes of
 * `length of the channel 4 | channel | message`.
 */
export class SealedPublications extends PublicationSeal {
  private isUsed = false;
  private count = 0;
  private lastAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly state: CodecState) {
    super();
  }

  /** Whether this process seals publications. */
  get isOn(): boolean {
    return this.isUsed && this.state.sealing === 'on';
  }

  override needKeys(): void {
    this.isUsed = true;
  }

  override seal(publication: Publication, channel: string): Publication | Promise<Publication> {
    const { sealing, keys } = this.state;
    if (sealing !== 'on') return publication;
    const key = keys.sealingKeyNow(SCOPE, SCOPE);
    if (key !== undefined) return sealedWith(key, publication, channel);
    return answeredWithin(keys.sealingKey(SCOPE, SCOPE), LONGEST_LOOKUP_MS, tooLate).then((found) =>
      sealedWith(found, publication, channel),
    );
  }

  override open(published: Publication): Publication | Unopened | Promise<Publication | Unopened> {
    const { channel, message } = published;
    const { sealing, unsealed, keys } = this.state;
    if (!message.subarray(0, MARK.length).equals(MARK)) {
      return sealing === 'on' && unsealed === 'refuse' ? 'plain' : published;
    }
    const sealed = readSealedBytes(message.subarray(MARK.length));
    if (sealed === 'broken') return 'changed';
    if (sealed === 'newer') return 'no-key';
    const id = keyIdOf(sealed);
    const known = keys.openingKeyNow(id, SCOPE);
    if (known !== undefined) return openedWith(known, sealed, channel);
    return answeredWithin(keys.openingKey(id, SCOPE), LONGEST_LOOKUP_MS, tooLate).then(
      (found) => openedWith(found, sealed, channel),
      () => 'no-key',
    );
  }

  override noteUnopened(): void {
    this.count += 1;
    this.lastAt = performance.now();
  }

  override unopened(): UnopenedPublications {
    return { count: this.count, isRecent: performance.now() - this.lastAt < LATELY_MS };
  }
}

function sealedWith(key: DataKey, { channel: own, message }: Publication, channel: string): Publication {
  const name = Buffer.from(own);
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeUInt32BE(name.length);
  const sealed = sealContent(key, Buffer.concat([head, name, message]), contextOf(channel));
  return { channel, message: Buffer.concat([MARK, sealed]) };
}

function openedWith(key: KeyLookup, sealed: Buffer, channel: string): Publication | Unopened {
  if (typeof key === 'string') return 'no-key';
  const opened = openContent(key, sealed, contextOf(channel));
  if (opened === undefined) return 'changed';
  const end = LENGTH_BYTES + opened.readUInt32BE();
  return { channel: opened.toString('utf8', LENGTH_BYTES, end), message: opened.subarray(end) };
}

/** What a seal is bound to. */
function contextOf(channel: string): string {
  return JSON.stringify(['mq', 2, SCOPE, channel]);
}

function tooLate(): Error {
  return new KeyUnavailableError(
    `What was to be published was not: the key to seal it with did not arrive within ${LONGEST_LOOKUP_MS} ms.`,
  );
}
