import { newJobId } from '../../../admission/job-id.js';
import { LOSS_SHOWN_MS } from '../../store-loss.js';
import type { StoreLoss, StoreLossKind } from '../../store-loss.js';
import type { RedisAccess } from '../connections/over-queues.js';
import { acknowledgeLossScript, watchEpochScript } from './epoch.lua.js';

/** How often the record grows, milliseconds: an older state is noticed when it is that much older. */
const GROWS_EVERY_MS = 10_000;
/** How often a process compares without being asked to, milliseconds. */
const COMPARE_EVERY_MS = 2_000;

/** Hears of a loss, in every process that learns of it. @param isFirst whether this process is the one that noticed it, and tells of it */
type LossListener = (loss: StoreLoss, isFirst: boolean) => void;

/** Reply of {@link watchEpochScript}. */
type EpochReply = readonly [
  ...[id: string, count: number, noticed: 0 | 1],
  ...[loss: string | null, at: string | null, earlier: string],
];

/** Notices when the server no longer has what it had: by a record there, of which this process remembers the last state it saw. */
export class EpochWatch {
  private known: { readonly id: string; readonly count: number; readonly earlier: string } | null = null;
  private wasAway = false;
  private comparedAt = Number.NEGATIVE_INFINITY;
  private underWay: Promise<void> | null = null;
  private current: StoreLoss | null = null;

  /** @param key of the record */
  constructor(
    private readonly key: string,
    private readonly redis: RedisAccess,
    private readonly heard: LossListener,
  ) {}

  /** What was lost, as it was when this process last compared; null: nothing, or somebody has dealt with it. */
  get loss(): StoreLoss | null {
    return this.current;
  }

  /** The connection is there again: whatever answers may not be what answered before. */
  reconnected(): void {
    this.wasAway = true;
    void this.compare();
  }

  /** Compares, unless that was done moments ago. Call it every few seconds. */
  see(): void {
    if (performance.now() - this.comparedAt >= COMPARE_EVERY_MS) void this.compare();
  }

  /** Never rejects: a server that does not answer, or refuses, is reported by those who need it, and is asked again. */
  async compare(): Promise<void> {
    this.underWay ??= this.ask()
      .catch(() => undefined)
      .finally(() => (this.underWay = null));
    await this.underWay;
  }

  /** @returns whether there was something to acknowledge @throws what Redis answers */
  async acknowledge(): Promise<boolean> {
    const had = await this.redis.scripts.run(acknowledgeLossScript, this.key, []);
    this.current = null;
    return had === 1;
  }

  private async ask(): Promise<void> {
    this.comparedAt = performance.now();
    const { known, wasAway } = this;
    const { scripts, connections } = this.redis;
    const args = [
      ...[known?.id ?? '', known?.count ?? '', newJobId(), wasAway ? '1' : ''],
      ...[connections.clock.now(), GROWS_EVERY_MS, LOSS_SHOWN_MS, known?.earlier ?? ''],
    ];
    const reply = (await scripts.run(watchEpochScript, this.key, args)) as EpochReply;
    const [id, count, noticed, loss, at, earlier] = reply;
    if (wasAway) this.wasAway = false;
    this.known = { id, count, earlier };
    this.current = loss === null ? null : { kind: loss as StoreLossKind, at: Number(at) };
    if (known === null || known.id === id || this.current === null) return;
    this.heard(this.current, noticed === 1);
  }
}
