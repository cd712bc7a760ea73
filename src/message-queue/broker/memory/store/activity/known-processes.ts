import { LOST_FOR_MS } from '../../../activity-store.js';
import type { ActivityBatch, AnnouncedQueue, Instance, SeenVersion } from '../../../activity-store.js';
import {
  ANNOUNCE_EVERY_MS,
  MOST_VERSIONS,
  NUMBERS_KEPT_MS,
  byName,
  keptMs,
} from '../../../rules/activity/activity-rules.js';

interface KnownProcess {
  readonly instance: Instance;
  /** Of its last batch. */
  readonly seq: number;
  readonly announcedAt: number;
}

/** Which processes flush, what they said of themselves and of their queues. */
export class KnownProcesses {
  private readonly processes = new Map<string, KnownProcess>();
  /** Numbers of the last batches of those that are gone, and since when. */
  private readonly gone = new Map<string, { readonly seq: number; readonly at: number }>();
  private readonly queues = new Map<string, { readonly queue: AnnouncedQueue; readonly at: number }>();
  private readonly versions = new Map<string, SeenVersion>();

  constructor(private readonly historyHours: number) {}

  /** Notes a batch. */
  note(
    { seq, heartbeat, announced }: ActivityBatch,
    now: number,
  ): { isNew: boolean; announceAgain: boolean } {
    const { id, version } = heartbeat;
    const known = this.processes.get(id);
    const last = known?.seq ?? this.gone.get(id)?.seq ?? 0;
    const isNew = seq > last;
    for (const queue of announced) this.queues.set(queue.name, { queue, at: now });
    const announcedAt = announced.length > 0 ? now : (known?.announcedAt ?? 0);
    this.processes.set(id, {
      instance: { ...heartbeat, seenAt: now },
      seq: Math.max(seq, last),
      announcedAt,
    });
    if (known === undefined) this.see(version, now);
    this.forget(now);
    return { isNew, announceAgain: now - announcedAt >= ANNOUNCE_EVERY_MS };
  }

  /** A process has said good-bye. */
  leave(id: string, now: number): void {
    const known = this.processes.get(id);
    this.processes.delete(id);
    if (known !== undefined) this.gone.set(id, { seq: known.seq, at: now });
  }

  /** Processes that were seen lately. */
  instances(now: number): Instance[] {
    this.forget(now);
    return [...this.processes.values()].map(({ instance }) => instance);
  }

  /** Queues that were announced within the history. */
  announced(now: number): AnnouncedQueue[] {
    const known = [...this.queues.values()].filter(({ at }) => at > now - keptMs(this.historyHours));
    return byName(known.map(({ queue }) => queue));
  }

  /** Versions that were seen, the oldest first. */
  get deploys(): SeenVersion[] {
    return [...this.versions.values()];
  }

  private see(version: string, now: number): void {
    if (!this.versions.has(version)) this.versions.set(version, { version, at: now });
    const [oldest] = this.versions.keys();
    if (this.versions.size > MOST_VERSIONS && oldest !== undefined) this.versions.delete(oldest);
  }

  private forget(now: number): void {
    for (const [id, { instance }] of this.processes) {
      if (instance.seenAt <= now - LOST_FOR_MS) this.leave(id, now);
    }
    for (const [id, { at }] of this.gone) if (at <= now - NUMBERS_KEPT_MS) this.gone.delete(id);
  }
}
