import { MessageQueueError } from '../../../kernel/errors.js';

/** How much each in-memory store keeps. */
export interface InMemoryLimits {
  /** Entries: messages' copies, notifications, documents … Default 10 000. */
  readonly maxEntries: number;
  /** Characters of text and bytes of files in them, approximate. Default 64 Mi. */
  readonly maxBytes: number;
}

/** Defaults of {@link InMemoryLimits}. */
export const IN_MEMORY_DEFAULTS: InMemoryLimits = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 };

/**
 * Injection token of `Partial<InMemoryLimits>`, which hold for each store by itself:
 * `adapters: [{ provide: IN_MEMORY_LIMITS, useValue: { maxEntries: 50_000 } }]`.
 */
export const IN_MEMORY_LIMITS = Symbol.for('nestjs-message-queue:in-memory-limits');

/** A store in memory has no room left, and nothing in it that it may forget. */
export class InMemoryStoreFullError extends MessageQueueError {
  readonly code = 'IN_MEMORY_STORE_FULL';
}

/** A map that never holds more than its limits: it forgets what was written longest ago, or refuses what is new. */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, Value>();
  readonly #limits: InMemoryLimits;
  #bytes = 0;

  /** @param bytesOf how much of `maxBytes` a value takes. Default: nothing, so that only entries count */
  constructor(
    limits: Partial<InMemoryLimits> = {},
    private readonly bytesOf: (value: Value) => number = () => 0,
  ) {
    this.#limits = { ...IN_MEMORY_DEFAULTS, ...limits };
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** The values, the one written longest ago first. */
  values(): Value[] {
    return [...this.#entries.values()];
  }

  /** The keys in the same order. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** Adds or replaces; forgets what was written longest ago until the rest fits. */
  set(key: string, value: Value): void {
    this.delete(key);
    this.#write(key, value);
    for (const oldest of this.#entries.keys()) {
      if (oldest === key || !this.#isOver()) return;
      this.delete(oldest);
    }
  }

  /**
   * Adds or replaces what must not be forgotten; a replaced entry keeps its place.
   * @param store the port's name, for the error
   * @throws InMemoryStoreFullError, and changes nothing
   */
  setOrRefuse(key: string, value: Value, store: string): void {
    const previous = this.#entries.get(key);
    this.#write(key, value);
    if (!this.#isOver()) return;
    if (previous === undefined) this.delete(key);
    else this.#write(key, previous);
    throw new InMemoryStoreFullError(
      `The in-memory ${store} is full: it holds ${this.size} of at most ${this.#limits.maxEntries} entries and ${this.#bytes} of at most ${this.#limits.maxBytes} bytes, and forgets none of them by itself. Plug in an adapter (adapters: [{ provide: ${store}, useClass: … }]), or raise IN_MEMORY_LIMITS.`,
    );
  }

  delete(key: string): boolean {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#bytes -= this.bytesOf(value);
    return this.#entries.delete(key);
  }

  #write(key: string, value: Value): void {
    const previous = this.#entries.get(key);
    if (previous !== undefined) this.#bytes -= this.bytesOf(previous);
    this.#bytes += this.bytesOf(value);
    this.#entries.set(key, value);
  }

  #isOver(): boolean {
    return this.size > this.#limits.maxEntries || this.#bytes > this.#limits.maxBytes;
  }
}
