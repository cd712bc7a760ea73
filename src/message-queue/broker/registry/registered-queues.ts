import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getQueueToken } from '@nestjs/bull-shared';
import type { Queue } from 'bull';
import { didYouMean } from '../../../kernel/values/did-you-mean.js';
import { UnknownQueueError } from '../../jobs/errors.js';
import type { SealableQueue } from '../../jobs/sealing/payload-seal.js';
import { plainText } from '../../../kernel/values/plain-text.js';
import type { Broker } from '../broker.js';
import { ManagedQueues } from '../managed-queues.js';
import type { ManagedQueue } from '../managed-queues.js';
import { traceAdds } from './traced-adds.js';
import { bridgeQueueEvents } from './queue-event-bridge.js';
import type { EventReceivers } from './queue-event-bridge.js';

interface Entry {
  readonly definition: SealableQueue;
  /** What `create` made; undefined while a test's override stands under the token. */
  made?: { readonly queue: Queue; readonly broker: Broker };
  /** What stands under the token, once it is known. */
  managed?: ManagedQueue;
}

/**
 * The queues of one app. Knows their definitions from the start; the queue itself is whatever stands under
 * `getQueueToken(name)`, so that `overrideProvider` counts for the facade too.
 */
@Injectable()
export class RegisteredQueues extends ManagedQueues {
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly moduleRef: ModuleRef,
    definitions: readonly SealableQueue[],
    private readonly defaultBroker: Broker,
    private readonly receivers: EventReceivers,
    /** Names that are known, and not registered here. */
    private readonly leftOut: readonly string[] = [],
  ) {
    super();
    for (const definition of definitions) this.#entries.set(definition.name, { definition });
  }

  /** Without those that a test overrides: nothing of ours may touch what stands there. */
  names(): readonly string[] {
    return [...this.#entries.values()]
      .filter(({ managed, made }) => managed === undefined || managed.queue === made?.queue)
      .map(({ definition }) => definition.name);
  }

  get(name: string): ManagedQueue {
    const entry = this.#entry(name);
    return entry.managed ?? this.#resolve(entry);
  }

  /** Looks at what stands under every token; from now on overrides are known. */
  settle(): void {
    for (const name of this.#entries.keys()) this.get(name);
  }

  /** Every broker that opened a queue. */
  brokers(): readonly Broker[] {
    const brokers = [...this.#entries.values()].flatMap(({ made }) => made?.broker ?? []);
    return [...new Set([this.defaultBroker, ...brokers])];
  }

  /** Whether a test put something of its own under the queue's token. */
  isOverridden(name: string): boolean {
    return this.get(name).queue !== this.#entry(name).made?.queue;
  }

  /** Opens the queue; what the provider under its token does. Undefined: it is left out. */
  create(name: string, broker: Broker): Queue | undefined {
    if (this.leftOut.includes(name)) return undefined;
    const entry = this.#entry(name);
    if (entry.made === undefined) {
      entry.made = { queue: broker.createQueue(entry.definition), broker };
      bridgeQueueEvents(entry.made.queue, this.receivers);
      if (this.receivers.traces !== undefined) traceAdds(entry.made.queue, this.receivers.traces);
      if (entry.definition.seal !== undefined) this.receivers.ends.openWith(name, entry.definition.seal);
    }
    return entry.made.queue;
  }

  #resolve(entry: Entry): ManagedQueue {
    const { definition, made } = entry;
    const queue = this.moduleRef.get<Queue | undefined>(getQueueToken(definition.name), { strict: false });
    if (queue === undefined) {
      throw new UnknownQueueError(
        `Queue "${definition.name}" is not open yet: use it from onModuleInit or onApplicationBootstrap on, not in a constructor.`,
        { queue: definition.name },
      );
    }
    const broker = made?.broker ?? this.defaultBroker;
    // What a test put there gets payloads as the caller wrote them.
    const known = queue === made?.queue ? definition : { ...definition, seal: undefined };
    entry.managed = { queue, broker, definition: known };
    return entry.managed;
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const names = [...this.#entries.keys()];
    if (this.leftOut.includes(name)) {
      throw new UnknownQueueError(
        `Queue "${name}" is left out of this app by builtInQueues (MESSAGE_QUEUE_BUILT_IN_QUEUES); name it there to use it. Registered: ${names.join(', ') || 'none'}.`,
        { queue: name },
      );
    }
    throw new UnknownQueueError(
      `There is no queue ${JSON.stringify(name)}.${didYouMean(plainText(name), names)} Registered: ${names.join(', ')}. Add yours with MessageQueueModule.registerQueue(defineQueue({ … })).`,
      { queue: plainText(name) },
    );
  }
}
