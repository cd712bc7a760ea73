/** What handlers wrote down outside of Redis. */
export interface FaultRecord {
  /** Key → how often it finished. */
  readonly done: ReadonlyMap<string, number>;
  /** Key → how often it started. */
  readonly started: ReadonlyMap<string, number>;
  /** Key → how often a run of it killed its worker. */
  readonly crashes: ReadonlyMap<string, number>;
  /** Key → how many runs of it ended with their worker or their lock. */
  readonly cutShort: ReadonlyMap<string, number>;
  /** When jobs finished, milliseconds since the epoch, in order. */
  readonly doneTimes: readonly number[];
  /** Keys of which two runs overlapped in one process. */
  readonly overlapped: ReadonlySet<string>;
}

/**
 * What handlers write down: a run began, kills its worker, finished, was aborted because its lock is lost, or ended in order
 * to be run again.
 */
export type FaultNote = 'start' | 'crash' | 'done' | 'aborted' | 'left';

/** Reads lines of `note key pid time`. */
export function readRecord(text: string): FaultRecord {
  const done = new Map<string, number>();
  const started = new Map<string, number>();
  const crashes = new Map<string, number>();
  const cutShort = new Map<string, number>();
  const running = new Set<string>();
  const overlapped = new Set<string>();
  const doneTimes: number[] = [];
  const add = (map: Map<string, number>, key: string, by = 1): void => {
    map.set(key, (map.get(key) ?? 0) + by);
  };
  for (const line of text.split('\n')) {
    const [note, key, pid, time] = line.split(' ') as [FaultNote, ...(string | undefined)[]];
    if (key === undefined || pid === undefined) continue;
    const run = `${key} ${pid}`;
    if (note === 'start') {
      add(started, key);
      add(cutShort, key);
      if (running.has(run)) overlapped.add(key);
      running.add(run);
    } else if (note === 'crash') add(crashes, key);
    else running.delete(run);
    if (note === 'done' || note === 'left') add(cutShort, key, -1);
    if (note !== 'done') continue;
    add(done, key);
    doneTimes.push(Number(time));
  }
  return { done, started, crashes, cutShort, doneTimes, overlapped };
}
