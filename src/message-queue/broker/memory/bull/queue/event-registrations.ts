import type { QueueEvents } from '../../store/queue-events.js';

const SENT_THROUGH_REDIS = ['waiting', 'delayed', 'duplicated', 'debounced'];

/**
 * Equal to Bull: it subscribes in Redis to what is sent there, and says `registered:<event>` when that is done. Nothing
 * needs a subscription here, but a host may wait for the word.
 */
export class EventRegistrations {
  private readonly registered = new Set<string>();

  constructor(private readonly events: QueueEvents) {}

  /** Settles when events of this name are heard. */
  async register(event: string | symbol): Promise<void> {
    if (typeof event === 'symbol') return;
    if (!event.startsWith('global:') && !SENT_THROUGH_REDIS.includes(event)) return;
    const name = event.replace('global:', '');
    if (this.registered.has(name)) return;
    // A moment later, as there: who asks listens by then.
    await Promise.resolve();
    this.registered.add(name);
    this.events.emit(`registered:${event}`);
  }
}
