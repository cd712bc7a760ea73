/** What handlers wrote down outside of Redis. */
export interface FaultRecord {
  /** Key → how often it finished. */
  readonly done: ReadonlyMap<string, number>;
  /** Key → how often it started. */
  readonly started: ReadonlyMap<string, number>;
  /** When jobs finished, milliseconds since the epoch, in order. */
  readonly doneTimes: readonly number[];
  /** Keys of which two runs overlapped in one process. */
  readonly overlapped: ReadonlySet<string>;
}

/** Reads lines of `what key pid time`. */
export function readRecord(text: string): FaultRecord {
  const done = new Map<string, number>();
  const started = new Map<string, number>();
  const running = new Set<string>();
  const overlapped = new Set<string>();
  const doneTimes: number[] = [];
  for (const line of text.split('\n')) {
    const [what, key, pid, time] = line.split(' ');
    if (what === undefined || key === undefined || pid === undefined) continue;
    const run = `${key} ${pid}`;
    if (what === 'start') {
      started.set(key, (started.get(key) ?? 0) + 1);
      if (running.has(run)) overlapped.add(key);
      running.add(run);
      continue;
    }
    running.delete(run);
    if (what !== 'done') continue;
    done.set(key, (done.get(key) ?? 0) + 1);
    doneTimes.push(Number(time));
  }
  return { done, started, doneTimes, overlapped };
}
