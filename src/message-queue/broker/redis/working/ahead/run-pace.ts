import { isRated } from '../../../../jobs/flow/flow-policy.js';
import type { QueueDefinition } from '../../../../jobs/queue-definition.js';

/** Jobs may be taken ahead that begin within about this time, milliseconds. */
const AHEAD_MS = 10;
/** Beyond this, more jobs ahead save nothing. */
const MOST_AHEAD = 100;
/** Payloads that are here ahead of their time may have about this many characters together. */
const MOST_CHARACTERS_AHEAD = 256 * 1024;
/** The payloads that one call takes may have about this many: its answer then comes in one read of a socket, 64 KiB, and is not put together. */
const MOST_CHARACTERS_PER_CALL = 60 * 1024;
const MOST_PER_CALL = 100;
/** How much of an estimate one job replaces. */
const WEIGHT = 1 / 16;

/**
 * How many jobs of a queue a worker may take before it has handlers for them: one that was taken has started as far as its rates go, and the
 * fair share of its tenant.
 */
export function mostAhead({ flow, concurrency }: Pick<QueueDefinition, 'flow' | 'concurrency'>): number {
  const isBatched = Object.values(flow?.jobs ?? {}).some((job) => job?.batch !== undefined);
  if (isRated(flow) || isBatched) return 0;
  return flow?.tenant === undefined ? MOST_AHEAD : Math.min(MOST_AHEAD, concurrency);
}

/**
 * Tells how many jobs may wait in a worker for a handler: those that begin within about ten milliseconds. It goes by how long runs
 * take, an exponentially weighted mean that falls slowly and rises at once (a job taken ahead of a slow one waits here
 * while other workers may be idle), and by how long jobs taken ahead have in fact waited. Of large payloads, fewer: while
 * they wait they are memory, which the garbage collector copies.
 */
export class RunPace {
  private runMs: number | null = null;
  private limit: number;
  /** Mean size of a payload, characters. */
  private size: number | null = null;

  /** @param most jobs that may be here ahead of their time, however quick they are */
  constructor(
    private readonly concurrency: number,
    private readonly most = MOST_AHEAD,
  ) {
    this.limit = concurrency;
  }

  /** How many jobs may be here ahead of their time; 0 until a run was measured. */
  get ahead(): number {
    const { runMs, limit, size, concurrency } = this;
    if (runMs === null || runMs > AHEAD_MS) return 0;
    const mostBySize = Math.floor(MOST_CHARACTERS_AHEAD / Math.max(1, size ?? 0));
    return Math.min(this.most, limit, mostBySize, Math.floor(AHEAD_MS / runMs) * concurrency);
  }

  /** How many jobs one call may take, and end; at least one. */
  get perCall(): number {
    const mostBySize = Math.floor(MOST_CHARACTERS_PER_CALL / Math.max(1, this.size ?? 0));
    return Math.min(MOST_PER_CALL, Math.max(1, mostBySize));
  }

  /** @param characters of the payload of a job that was taken */
  noteSize(characters: number): void {
    const { size } = this;
    this.size = size === null ? characters : size + (characters - size) * WEIGHT;
  }

  /** @param ms how long a run took */
  noteRun(ms: number): void {
    const { runMs } = this;
    const isSlower = runMs === null || ms >= runMs;
    // A run takes some time, even if the clock cannot tell.
    this.runMs = Math.max(0.001, isSlower ? ms : runMs + (ms - runMs) * WEIGHT);
  }

  /** A job that was taken ahead begins. @param place in the line when it came, from 1 */
  noteWait(ms: number, place: number): void {
    if (ms > AHEAD_MS) this.limit = Math.max(1, Math.min(this.limit, Math.floor((place * AHEAD_MS) / ms)));
    else if (ms < AHEAD_MS / 2 && this.limit < MOST_AHEAD) this.limit += 1;
  }

  /** A job waited here for too long: nothing is known of the runs that kept it waiting. */
  forget(): void {
    this.runMs = null;
    this.limit = 1;
  }
}
