/** A process that registered queues, worker or not. */
export interface WorkerStatus {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly role: 'producer' | 'worker' | 'both' | 'cli';
  readonly version: string;
  readonly node: string;
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** `lost`: it has said nothing for 3 flushes and at least 15 s, and no good-bye. */
  readonly state: 'alive' | 'lost';
  readonly rssBytes: number;
  readonly loopLagMs: number;
  /** What it works on; empty for one that only adds. */
  readonly queues: readonly {
    readonly queue: string;
    readonly slots: number;
    readonly busy: number;
    readonly stuck: number;
  }[];
  readonly openBreakers: readonly string[];
}
