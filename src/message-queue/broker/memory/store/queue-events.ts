import type { EventEmitter } from 'node:events';

/**
 * The events of one queue. Bull emits some on the spot and sends the others (`waiting`, `duplicated`, `debounced` and
 * everything `global:`) through Redis: those arrive a moment later, in order. So they do here.
 */
export class QueueEvents {
  private outbox: [event: string, args: unknown[]][] = [];
  private flushing = false;

  constructor(private readonly emitter: EventEmitter) {}

  wants(event: string): boolean {
    return this.emitter.listenerCount(event) > 0;
  }

  /** Emits on the spot. */
  emit(event: string, ...args: unknown[]): void {
    this.emitter.emit(event, ...args);
  }

  /** Emits after the caller is done, in the order of the calls. */
  publish(event: string, ...args: unknown[]): void {
    if (!this.wants(event)) return;
    this.outbox.push([event, args]);
    if (this.flushing) return;
    this.flushing = true;
    queueMicrotask(() => this.flush());
  }

  /** An event of this process that is global too. */
  publishBoth(event: string, ...args: unknown[]): void {
    this.publish(event, ...args);
    this.publish(`global:${event}`, ...args);
  }

  publishWaiting(jobId: string): void {
    this.publish('waiting', jobId, null);
    this.publish('global:waiting', jobId, null);
  }

  private flush(): void {
    this.flushing = false;
    const due = this.outbox;
    this.outbox = [];
    for (const [event, args] of due) this.emit(event, ...args);
  }
}
