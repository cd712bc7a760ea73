import { isSealed, SEALED_FIELD } from '../../jobs/sealing/payload-seal.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import {
  assertJsonSafe,
  invalid,
  JsonPayload,
  reading,
  SealedPayload,
  tooLarge,
  toJsonPayload,
  writtenPayload,
} from './json-payload.js';
import type { PayloadPlace } from './json-payload.js';

/** What of a queue's definition its stored payloads depend on. */
export type SealingQueue = Pick<SealableQueue, 'seal'>;

/**
 * A payload as it is stored: checked, measured before it is sealed, and sealed where the queue's are. At once if the key is at hand.
 * @param data the payload, or what was written of it; one that was sealed before is stored as it is
 * @throws InvalidPayloadError; KeyUnavailableError, ScopeShreddedError
 */
export function storedPayload(
  { seal }: SealingQueue,
  data: unknown,
  maxBytes: number,
  place: PayloadPlace,
): JsonPayload | Promise<JsonPayload> {
  if (data instanceof SealedPayload) {
    if (data.plainBytes > maxBytes) throw tooLarge(data.plainBytes, maxBytes, place);
    return data;
  }
  refuseReserved(data, place);
  if (seal?.isOn !== true) return toJsonPayload(data, maxBytes, place);
  const payload = data instanceof JsonPayload ? (JSON.parse(data.json) as object) : data;
  assertJsonSafe(payload, maxBytes, place);
  const parts = reading(place, () => seal.split(place.job, payload));
  if (parts.bytes > maxBytes) throw tooLarge(parts.bytes, maxBytes, place);
  const json = seal.sealNow(place.job, parts);
  if (json !== undefined) return new SealedPayload(json, parts.bytes);
  return seal.seal(place.job, parts).then((text) => new SealedPayload(text, parts.bytes));
}

/**
 * A payload that the compiled DTO made, as it is stored.
 * @returns undefined while its key is not at hand, or when it is too large: the long road waits, and says why
 */
export function storedPayloadNow(
  { seal }: SealingQueue,
  job: string,
  payload: object,
  maxBytes: number,
): JsonPayload | undefined {
  if (seal?.isOn !== true) {
    const written = writtenPayload(payload);
    return written.bytes > maxBytes ? undefined : written;
  }
  const parts = seal.split(job, payload);
  if (parts.bytes > maxBytes) return undefined;
  const json = seal.sealNow(job, parts);
  return json === undefined ? undefined : new SealedPayload(json, parts.bytes);
}

/** A payload that looks sealed would be opened where it runs: nobody but this library may say so. */
function refuseReserved(data: unknown, place: PayloadPlace): void {
  if (!isSealed(data)) return;
  const message =
    'is reserved for sealed payloads; to run a stored job again, replay it or copy it on the board';
  throw invalid([{ path: SEALED_FIELD, message }], place);
}
