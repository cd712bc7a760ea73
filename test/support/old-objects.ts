import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (how?: { readonly type: 'minor' }) => void;

/**
 * Watches what becomes of objects that should die young: it grows by what outlives minor garbage collections, and stays
 * until a full one although nothing uses it any more.
 */
export class OldObjects {
  private readonly collect: Collect;
  private readonly before: number;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.collect = runInNewContext('gc') as Collect;
    this.collect();
    this.before = oldBytes();
  }

  /** Runs a minor garbage collection; what outlives two of them is old. */
  collectYoung(): void {
    this.collect({ type: 'minor' });
  }

  /** Bytes of objects that became old. */
  get grownBy(): number {
    return oldBytes() - this.before;
  }
}

function oldBytes(): number {
  const old = getHeapSpaceStatistics().find((space) => space.space_name === 'old_space');
  return old?.space_used_size ?? Number.NaN;
}
