import type { Clock } from '../../../kernel/time/clock.js';
import { LANES } from '../../buffer/buffer-words.js';
import type { NewEvent } from '../../buffer/buffer-words.js';
import type { EventBusSettings } from '../../configuration/event-bus-settings.js';
import { eventId } from '../../consume/handler-context.js';
import { EventBufferFullError, EventBusClosedError } from '../../events/errors.js';
import type { FullReason } from '../../events/errors.js';
import { checkEventOptions, checkEventType } from '../../events/event-kinds.js';
import type { EventOptions, HandlerPlace } from '../../events/event-words.js';
import type { CarriedContext } from './carried-context.js';
import type { EventTypes, KnownType } from '../event-types.js';
import { InputRate } from './input-rate.js';
import { payloadJson } from './payload-json.js';
import type { PayloadJson } from './payload-json.js';
import type { UnhandledTypes } from './unhandled-types.js';
import { WaitingEmits } from './waiting-emits.js';

/** What emits need of the buffer. */
export interface EventStore {
  put(event: NewEvent, place: HandlerPlace): 'events' | 'memory' | null;
  wantRoom(): void;
}

/** What emits are made of. */
export interface EmitsParts {
  readonly settings: EventBusSettings;
  readonly clock: Clock;
  /** When the emit began, milliseconds since the epoch with fractions. */
  readonly now: () => number;
  /** First half of every event's id. */
  readonly bus: string;
  readonly types: EventTypes;
  readonly store: EventStore;
  readonly context: CarriedContext;
  readonly unhandled: UnhandledTypes;
  /** Something can be claimed there. */
  readonly isReady: (place: HandlerPlace) => void;
}

const CALL = 'emitEvent()';
const NORMAL = 1;

/** An event from the call until it is stored; how it came: as a payload here, or as JSON from a thread. */
export class Emits {
  /** Stored, by lane. */
  readonly stored: [critical: number, normal: number, low: number] = [0, 0, 0];
  private refusals = 0;
  private sequence = 0;
  private readonly waiting: WaitingEmits;
  private readonly rate: InputRate | null;
  private readonly clock: Clock;

  constructor(private readonly parts: EmitsParts) {
    const { settings, store } = parts;
    this.clock = parts.clock.steady();
    const { maxInputRate } = settings.performance;
    this.rate = maxInputRate === null ? null : new InputRate(maxInputRate);
    this.waiting = new WaitingEmits({
      clock: parts.clock,
      waitMs: settings.whenFull.waitMs,
      max: settings.maxQueueSize,
      put: (event, type) => this.put(event, type),
      wantRoom: () => store.wantRoom(),
      rateWaitMs: () => this.rate?.waitMs(this.clock.now()) ?? 0,
    });
  }

  get refused(): number {
    return this.refusals;
  }

  get waitingEmits(): number {
    return this.waiting.size;
  }

  /** Whether emits wait for room: those that only wait until `maxInputRate` lets them in would have some. */
  get waitForRoom(): boolean {
    return this.waiting.size > 0 && this.waiting.reason !== 'rate';
  }

  /** See `EventBus.emit`. */
  emit(type: string, payload: unknown, options: EventOptions | undefined): Promise<string> {
    const { types, settings, context } = this.parts;
    const known = types.of(type);
    if (known === undefined) checkEventType(CALL, type);
    const lane = laneOf(options);
    const text = payloadJson(type, payload, settings.maxEventSize);
    if (known === undefined) return this.drop(type);
    const correlationId = options?.correlationId ?? context.correlationId();
    return this.admit(known, this.newEvent(known, lane, text, correlationId, context.carried()));
  }

  /** An emit of a thread: its payload is JSON already, and its surroundings are there. */
  emitJson(type: string, json: string, options: EventOptions, carried?: string): Promise<string> {
    const known = this.parts.types.of(type);
    const lane = laneOf(options);
    if (known === undefined) return this.drop(type);
    const text = { json, bytes: Buffer.byteLength(json) };
    return this.admit(known, this.newEvent(known, lane, text, options.correlationId, carried));
  }

  /** Stores an event once more, under its old id. @returns whether there was room */
  putBack(event: NewEvent): boolean {
    const known = this.parts.types.at(event.type);
    if (known === undefined || this.parts.store.put(event, known.place) !== null) return false;
    this.parts.isReady(known.place);
    return true;
  }

  /** There may be room for those who wait. */
  room(): void {
    if (this.waiting.size > 0) this.waiting.serve();
  }

  /** Those who wait are refused: the bus shuts down. */
  close(): void {
    this.waiting.close();
  }

  private newEvent(
    { number }: KnownType,
    lane: number,
    { json, bytes }: PayloadJson,
    correlationId: string | undefined,
    carried: string | undefined,
  ): NewEvent {
    const sequence = ++this.sequence;
    return { type: number, lane, sequence, emittedAt: this.parts.now(), correlationId, carried, json, bytes };
  }

  private admit(type: KnownType, event: NewEvent): Promise<string> {
    const reason = this.waiting.hasBefore(event.lane) ? 'events' : this.put(event, type);
    if (reason === null) return Promise.resolve(eventId(this.parts.bus, event.sequence));
    return this.wait(type, event, reason);
  }

  private put(event: NewEvent, type: KnownType): FullReason | null {
    if (this.rate?.take(this.clock.now()) === false) return 'rate';
    const reason = this.parts.store.put(event, type.place);
    if (reason !== null) {
      this.rate?.giveBack();
      return reason;
    }
    this.stored[event.lane as 0 | 1 | 2] += 1;
    this.parts.isReady(type.place);
    return null;
  }

  private wait(type: KnownType, event: NewEvent, reason: FullReason): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiting.add({
        type,
        event,
        reason,
        stored: () => resolve(eventId(this.parts.bus, event.sequence)),
        refused: (why, waitedMs) => {
          this.refusals += 1;
          reject(new EventBufferFullError(type.name, why, waitedMs));
        },
        closed: () => reject(shuttingDown()),
      });
    });
  }

  private drop(type: string): Promise<string> {
    this.parts.unhandled.add(type);
    return Promise.resolve(eventId(this.parts.bus, ++this.sequence));
  }
}

/** Why a call comes too early. */
export function notStarted(): EventBusClosedError {
  return new EventBusClosedError(
    'The event bus has not started: wait until the app is initialised (onApplicationBootstrap), or await initialize().',
  );
}

/** Why a call comes too late. */
export function shuttingDown(): EventBusClosedError {
  return new EventBusClosedError(
    'The event bus is shutting down, or has shut down: it stores no event, and does nothing else any more.',
  );
}

/** @throws TypeError for options that are wrong */
function laneOf(options: EventOptions | undefined): number {
  if (options === undefined) return NORMAL;
  checkEventOptions(CALL, options);
  return options.priority === undefined ? NORMAL : LANES.indexOf(options.priority);
}
