import type { DataKeys, RingView } from './keys/data-keys.js';
import type { NameKey } from './keys/name-keys.js';

/** Whether payloads and publications are sealed: `on`; `open-only`, what is sealed is opened and nothing new is sealed yet; `off`, not at all. */
export type Sealing = 'on' | 'open-only' | 'off';

/** The keys of an app's codec. */
export interface CodecKeys extends DataKeys {
  /** Asks which keys the ring has. @throws KeyUnavailableError */
  ringNow(): Promise<RingView>;

  /** Asks which keys are the newest, whatever is remembered. @throws KeyUnavailableError */
  renew(): Promise<void>;

  /** A keyed hash of a text, the same in every process of the app. @throws KeyUnavailableError */
  digest(text: string): Promise<string>;

  /**
   * Whether anything of these names, such as `subject:user-7`, was erased; undefined where nothing can be.
   * @throws KeyUnavailableError
   */
  isErased(names: readonly string[]): Promise<boolean> | undefined;

  /** The keys that idempotency keys are hashed with, that of the current ring key first; undefined while they are not at hand. */
  ledgerKeysNow(): readonly NameKey[] | undefined;

  /** @throws KeyUnavailableError */
  ledgerKeys(): Promise<readonly NameKey[]>;
}

/** What the seals of all queues share. */
export interface CodecState {
  readonly sealing: Sealing;
  /** What happens to a job of a sealed queue that was stored in plain text. */
  readonly unsealed: 'run' | 'refuse';
  /** How long an add waits for a key, milliseconds. */
  readonly timeoutMs: number;
  /** Made when a key is first needed: queues exist before the host's key provider does. */
  readonly keys: CodecKeys;
}
