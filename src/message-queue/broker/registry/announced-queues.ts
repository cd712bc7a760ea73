import { didYouMean } from '../../../kernel/values/did-you-mean.js';
import { plainText } from '../../../kernel/values/plain-text.js';
import type { AnnouncedQueue } from '../activity-store.js';
import type { Broker } from '../broker.js';
import { ManagedQueues } from '../managed-queues.js';
import type { ManagedQueue } from '../managed-queues.js';
import { UnknownQueueError } from '../../jobs/errors.js';
import { defineQueue } from '../../jobs/queue-definition.js';

/** What is not stored with a job follows the definition of whoever runs it: with this backoff none is ever stored, and so none is left out. */
const NOBODYS_BACKOFF = { type: 'fixed', delayMs: 86_399_999 } as const;

interface Opened {
  readonly announcement: string;
  readonly managed: ManagedQueue;
}

/** The queues that processes have announced: what is done to them needs no code of the host. */
export class AnnouncedQueues extends ManagedQueues {
  private readonly opened = new Map<string, Opened>();

  constructor(
    private readonly broker: Broker,
    private announced: readonly AnnouncedQueue[],
  ) {
    super();
  }

  /** What is announced by now: queues that are open stay so, and are described anew. */
  know(announced: readonly AnnouncedQueue[]): void {
    this.announced = announced;
  }

  names(): readonly string[] {
    return this.announced.map(({ name }) => name);
  }

  /** Milliseconds since the epoch, by the broker's clock. */
  now(): number {
    return this.broker.now();
  }

  /** A queue as it was announced. @throws UnknownQueueError */
  announcedAs(name: string): AnnouncedQueue {
    return announcedAs(name, this.announced);
  }

  get(name: string): ManagedQueue {
    const announced = this.announcedAs(name);
    const announcement = JSON.stringify(announced);
    const known = this.opened.get(name);
    if (known?.announcement === announcement) return known.managed;
    const definition = definitionOf(announced);
    const { broker } = this;
    const queue = known?.managed.queue ?? broker.createQueue(definition, { isOwn: false });
    const managed = { queue, broker, definition };
    this.opened.set(name, { announcement, managed });
    return managed;
  }
}

/** A queue as it was announced. @throws UnknownQueueError */
export function announcedAs(name: string, announced: readonly AnnouncedQueue[]): AnnouncedQueue {
  const found = announced.find((queue) => queue.name === name);
  if (found !== undefined) return found;
  const names = announced.map((queue) => queue.name);
  const known =
    names.length === 0 ? 'None has announced any under this prefix yet.' : `Known: ${names.join(', ')}.`;
  throw new UnknownQueueError(
    `No app has announced a queue ${JSON.stringify(plainText(name))}.${didYouMean(name, names)} ${known}`,
    { queue: plainText(name) },
  );
}

/** What is known of a queue, as a definition. */
export function definitionOf(queue: AnnouncedQueue): ManagedQueue['definition'] {
  const { name, description, jobs, concurrency, attempts, timeoutMs, maxWaiting } = queue;
  return defineQueue({
    ...{ name, description, concurrency, attempts, timeoutMs, backoff: NOBODYS_BACKOFF },
    // Payloads are checked by the workers.
    jobs: Object.fromEntries(jobs.map((job) => [job, Object])),
    ...(maxWaiting !== null && { maxWaiting }),
  });
}
