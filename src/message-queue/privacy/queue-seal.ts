import { answeredWithin } from '../../kernel/time/answered-within.js';
import { isSealed, SEALED_FIELD } from '../jobs/sealing/payload-seal.js';
import type {
  OpenedPayload,
  OpenedSlot,
  PayloadParts,
  PayloadSeal,
  RunSealer,
  SealedJob,
  SealedSlot,
  SealStatus,
} from '../jobs/sealing/payload-seal.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import type { CodecState } from './codec-state.js';
import { refuseErased } from './erasure/refuse-erased.js';
import type { DataKey, KeyLookup } from './keys/data-keys.js';
import { MissingKeys } from './missing-keys.js';
import { joinParts, PayloadSplitter, readablePart } from './payload-parts.js';
import { KeyUnavailableError, UnsealedJobError } from '../jobs/sealing/sealing-errors.js';
import type { SealBrokenError } from '../jobs/sealing/sealing-errors.js';
import { Resealing } from './resealing.js';
import { keyNotHere, sealBroken } from './seal-refusals.js';
import { keyIdOf, openText, readSealed, sealText } from './sealed-text.js';
import { sealedFieldsOf } from './sealed-fields.decorators.js';
import type { SealedFields } from './sealed-fields.decorators.js';

/** How long a worker waits for the key of a job before it puts the job aside, milliseconds. */
const LONGEST_LOOKUP_MS = 10_000;

const NO_FIELDS: SealedFields = { readable: new Set(), identifies: [] };

/** Seals and opens what one queue stores. Nothing else knows how. */
export class QueueSeal implements PayloadSeal {
  private unsealedJobs = 0;
  private readonly missing = new MissingKeys();
  private readonly startedAt = performance.now();
  private readonly scope: string;
  private readonly splitters = new Map<string, PayloadSplitter>();
  private readonly unknownJobs: PayloadSplitter;
  private readonly contexts = new Map<string, string>();
  readonly stored: Resealing;

  /** @throws InvalidConfigurationError when a payload class has more than one `@KeyScope` */
  constructor(
    private readonly definition: QueueDefinition,
    private readonly state: CodecState,
  ) {
    this.scope = `queue:${definition.name}`;
    for (const [job, type] of Object.entries(definition.jobs)) {
      this.splitters.set(job, new PayloadSplitter(sealedFieldsOf(type), this.scope));
    }
    this.unknownJobs = new PayloadSplitter(NO_FIELDS, this.scope);
    this.stored = new Resealing({
      ...{ queue: definition.name, state, queueScope: this.scope },
      scopeOf: (job, payload) => this.splitters.get(job)?.scopeOf(payload),
      contextOf: (job, slot, rest) => `${this.contextOf(job, slot)}${rest}]`,
    });
  }

  get isOn(): boolean {
    return this.definition.sealed === true && this.state.sealing === 'on';
  }

  status(): SealStatus {
    const isOpenOnly = this.definition.sealed === true && this.state.sealing === 'open-only';
    return {
      unsealedJobs: this.unsealedJobs,
      missingKeys: this.missing.seen(),
      openOnlyMs: isOpenOnly ? performance.now() - this.startedAt : null,
    };
  }

  scopeKind(job: string, data: object): string {
    return this.scopeOf(job, data).split(':', 1)[0] as string;
  }

  /** Whose data key a payload of a job is sealed with, such as `conversation:c-42`. */
  scopeOf(job: string, data: object): string {
    return this.splitterOf(job).scopeOf(data);
  }

  split(job: string, payload: object): PayloadParts {
    return this.splitterOf(job).split(payload);
  }

  sealNow(job: string, { readable, hidden, scope }: PayloadParts): string | undefined {
    const key = this.state.keys.sealingKeyNow(scope, this.definition.name);
    return key && joinParts(readable, sealText(key, hidden, this.payloadContext(job, readable)));
  }

  async seal(job: string, { readable, hidden, scope }: PayloadParts): Promise<string> {
    const key = await this.sealingKey(job, scope);
    return joinParts(readable, sealText(key, hidden, this.payloadContext(job, readable)));
  }

  open(job: SealedJob, data: unknown): OpenedPayload | 'shredded' | Promise<OpenedPayload | 'shredded'> {
    if (!isSealed(data)) return this.openUnsealed(job, data);
    const sealed = this.readable(job, data[SEALED_FIELD]);
    const id = keyIdOf(sealed);
    const known = this.state.keys.openingKeyNow(id, this.definition.name);
    if (known !== undefined) return this.openWith(known, sealed, job, data);
    return this.lookUp(job, id).then((found) => this.openWith(found, sealed, job, data));
  }

  refuseErased({ job, jobId }: SealedJob, data: unknown): Promise<void> | undefined {
    const place = { queue: this.definition.name, job, jobId };
    return refuseErased(this.splitterOf(job).namesOf(data), this.state.keys, place);
  }

  async openSlot(job: SealedJob, slot: SealedSlot, text: unknown): Promise<OpenedSlot> {
    const sealed = this.readable(job, text);
    const id = keyIdOf(sealed);
    const key = this.state.keys.openingKeyNow(id, this.definition.name) ?? (await this.lookUp(job, id));
    if (key === 'shredded') return key;
    if (key === 'unknown') throw this.unknownKey(job, id.toString('base64url'));
    const json = openText(key, sealed, this.slotContext(job, slot));
    if (json === undefined) throw this.broken(job);
    return { value: JSON.parse(json) as unknown };
  }

  digest(text: string): Promise<string> {
    return this.state.keys.digest(text);
  }

  private splitterOf(job: string): PayloadSplitter {
    return this.splitters.get(job) ?? this.unknownJobs;
  }

  private openUnsealed({ job, jobId }: SealedJob, data: unknown): OpenedPayload | Promise<OpenedPayload> {
    if (!this.isOn) return { data };
    const { name: queue } = this.definition;
    if (this.state.unsealed === 'refuse') {
      throw new UnsealedJobError(
        `Job "${job}" ${jobId} of queue "${queue}" is stored in plain text, and privacy.unsealed is "refuse": who added it does not seal. ` +
          'Add it through this library, or set privacy.unsealed to "run".',
        { queue, job, jobId },
      );
    }
    this.unsealedJobs += 1;
    const now = this.state.keys.sealingKeyNow(this.scope, queue);
    if (now !== undefined) return { data, sealer: this.sealerOf(now, { job, jobId }) };
    return this.sealingKey(job, this.scope).then((key) => ({
      data,
      sealer: this.sealerOf(key, { job, jobId }),
    }));
  }

  private openWith(
    key: KeyLookup,
    sealed: Buffer,
    job: SealedJob,
    data: Readonly<Record<string, unknown>>,
  ): OpenedPayload | 'shredded' {
    if (key === 'shredded') return key;
    if (key === 'unknown') throw this.unknownKey(job, keyIdOf(sealed).toString('base64url'));
    const readable = readablePart(data);
    const text = openText(key, sealed, this.payloadContext(job.job, readable));
    if (text === undefined) throw this.broken(job);
    const opened = Object.assign(JSON.parse(readable) as object, JSON.parse(text) as object);
    return { data: opened, sealer: this.sealerOf(key, job) };
  }

  /** Seals what a run leaves beside its payload. @returns base64url */
  sealSlot(key: DataKey, job: SealedJob, slot: SealedSlot, text: string): string {
    return sealText(key, text, this.slotContext(job, slot));
  }

  private sealerOf(key: DataKey, job: SealedJob): RunSealer {
    return new KeySealer(this, key, job);
  }

  private async sealingKey(job: string, scope: string): Promise<DataKey> {
    const { name: queue } = this.definition;
    const { timeoutMs, keys } = this.state;
    return answeredWithin(keys.sealingKey(scope, queue), timeoutMs, () => {
      const message =
        `Job "${job}" for queue "${queue}" was not added: the key to seal it with did not arrive within ${timeoutMs} ms. ` +
        'The same call again is safe; look at the key provider and the data key store.';
      return new KeyUnavailableError(message, { queue, job });
    });
  }

  private lookUp(job: SealedJob, id: Buffer): Promise<KeyLookup> {
    const name = id.toString('base64url');
    const loading = this.state.keys.openingKey(id, this.definition.name).catch((error: unknown) => {
      this.missing.note(name, job.jobId);
      throw error;
    });
    return answeredWithin(loading, LONGEST_LOOKUP_MS, () => this.unknownKey(job, name));
  }

  /** The bytes of a sealed text. @throws SealBrokenError, KeyUnavailableError */
  private readable(job: SealedJob, text: unknown): Buffer {
    const sealed = readSealed(text);
    if (sealed === 'broken') throw this.broken(job);
    if (sealed === 'newer') throw this.unknownKey(job, 'of a newer release');
    return sealed;
  }

  private slotContext({ job, jobId }: SealedJob, slot: SealedSlot): string {
    return `${this.contextOf(job, slot)}${JSON.stringify(jobId)}]`;
  }

  private payloadContext(job: string, readable: string): string {
    return `${this.contextOf(job, 'payload')}${readable}]`;
  }

  /** What a seal is bound to, but for its last part. */
  private contextOf(job: string, slot: SealedSlot | 'payload'): string {
    const name = `${slot}${job}`;
    const known = this.contexts.get(name);
    if (known !== undefined) return known;
    const made = `${JSON.stringify(['mq', 2, this.definition.name, job, slot]).slice(0, -1)},`;
    if (this.splitters.has(job)) this.contexts.set(name, made);
    return made;
  }

  private broken({ job, jobId }: SealedJob): SealBrokenError {
    return sealBroken({ queue: this.definition.name, job, jobId });
  }

  private unknownKey({ job, jobId }: SealedJob, keyId: string): KeyUnavailableError {
    this.missing.note(keyId, jobId);
    return keyNotHere({ queue: this.definition.name, job, jobId });
  }
}

/** Seals what a run leaves with the key of its payload. */
class KeySealer implements RunSealer {
  constructor(
    private readonly queue: QueueSeal,
    private readonly key: DataKey,
    private readonly job: SealedJob,
  ) {}

  seal(slot: SealedSlot, text: string): string {
    return this.queue.sealSlot(this.key, this.job, slot, text);
  }
}
