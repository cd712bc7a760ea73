import type { HeldJob } from './spool-file.js';

/** What was set aside for one reason. */
export interface AsideKind {
  readonly base: string;
  readonly code: string;
  /** Of the first. */
  readonly message: string;
  jobs: number;
}

/** What a spool's file holds, without the records: what is asked for every add is answered without reading it. */
export class SpoolIndex {
  /** By base and id, in their order; by base and idempotency key. */
  private readonly held = new Map<string, Map<string, HeldJob>>();
  private readonly once = new Map<string, HeldJob>();
  private readonly kinds = new Map<string, AsideKind>();
  /** Of jobs that wait. */
  jobs = 0;
  bytes = 0;
  /** Of jobs that were set aside. */
  asideJobs = 0;
  asideBytes = 0;

  /** When the first job was added that waits; null when none does. */
  get oldestAt(): number | null {
    let oldestAt: number | null = null;
    for (const jobs of this.held.values()) {
      const { value } = jobs.values().next();
      if (value !== undefined) oldestAt = Math.min(oldestAt ?? value.at, value.at);
    }
    return oldestAt;
  }

  /** Base keys of the queues whose jobs wait. */
  get bases(): string[] {
    return [...this.held.keys()];
  }

  /** How many jobs of a queue wait. */
  count(base: string): number {
    return this.held.get(base)?.size ?? 0;
  }

  get asideKinds(): Iterable<AsideKind> {
    return this.kinds.values();
  }

  /** Whether jobs of a queue wait. */
  holds(base: string): boolean {
    return this.held.has(base);
  }

  /** The job that waits under an id. */
  byId({ base, id }: HeldJob): HeldJob | undefined {
    return this.held.get(base)?.get(id);
  }

  /** The job that waits under an idempotency key. @param names of the key in the ledger */
  byKey(base: string, names: readonly string[]): HeldJob | undefined {
    const name = names.find((one) => this.once.has(base + one));
    return name === undefined ? undefined : this.once.get(base + name);
  }

  note({ base, id, at, bytes, onceKey, fingerprint }: HeldJob): void {
    const job = { base, id, at, bytes, onceKey, fingerprint };
    const jobs = this.held.get(base) ?? new Map<string, HeldJob>();
    this.held.set(base, jobs.set(id, job));
    if (onceKey !== null) this.once.set(base + onceKey, job);
    this.jobs += 1;
    this.bytes += bytes;
  }

  drop({ base, id, bytes, onceKey }: HeldJob): void {
    const jobs = this.held.get(base);
    if (jobs?.delete(id) !== true) return;
    if (jobs.size === 0) this.held.delete(base);
    if (onceKey !== null) this.once.delete(base + onceKey);
    this.jobs -= 1;
    this.bytes -= bytes;
  }

  noteAside({ base, bytes }: HeldJob, code: string, message: string): void {
    const kind = `${base}\n${code}`;
    const known = this.kinds.get(kind) ?? { base, code, message, jobs: 0 };
    known.jobs += 1;
    this.kinds.set(kind, known);
    this.asideJobs += 1;
    this.asideBytes += bytes;
  }

  dropAside({ base, bytes }: HeldJob, code: string): void {
    const name = `${base}\n${code}`;
    const kind = this.kinds.get(name);
    if (kind === undefined) return;
    kind.jobs -= 1;
    if (kind.jobs === 0) this.kinds.delete(name);
    this.asideJobs -= 1;
    this.asideBytes -= bytes;
  }
}
