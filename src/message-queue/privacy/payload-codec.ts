import type { SealableQueue } from '../jobs/sealing/payload-seal.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';
import type { CodecKeys, CodecState, Sealing } from './codec-state.js';
import { QueueLedger } from './queue-ledger.js';
import { QueueSeal } from './queue-seal.js';

/** How payloads are sealed, and where the keys come from. */
export interface CodecOptions extends Omit<CodecState, 'keys'> {
  /** Called once, when a key is first needed. */
  readonly openKeys: () => CodecKeys;
}

/**
 * Seals and opens what queues store. Called at two places: where an add was admitted, and where a run has found its handler.
 */
export class PayloadCodec implements CodecState {
  readonly sealing: Sealing;
  readonly unsealed: CodecState['unsealed'];
  readonly timeoutMs: number;
  private readonly openKeys: CodecOptions['openKeys'];
  private opened: CodecKeys | undefined;
  private readonly seals = new Map<string, QueueSeal>();

  constructor({ sealing, unsealed, timeoutMs, openKeys }: CodecOptions) {
    this.sealing = sealing;
    this.unsealed = unsealed;
    this.timeoutMs = timeoutMs;
    this.openKeys = openKeys;
  }

  get keys(): CodecKeys {
    return (this.opened ??= this.openKeys());
  }

  /** The definition with what keeps its content unreadable where it is stored. @throws InvalidConfigurationError when a payload class has more than one `@KeyScope` */
  withSeal(definition: QueueDefinition): SealableQueue {
    const seal = new QueueSeal(definition, this);
    this.seals.set(definition.name, seal);
    if (definition.sealed !== true || this.sealing === 'off') return { ...definition, seal };
    const ledger = new QueueLedger(definition.name, this, (job, payload) => seal.scopeOf(job, payload));
    return { ...definition, seal, ledger };
  }

  /** Names of the queues whose adds are sealed. */
  sealedQueues(): string[] {
    return [...this.seals].filter(([, { isOn }]) => isOn).map(([name]) => name);
  }
}
