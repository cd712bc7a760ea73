/**
 * Milliseconds since the epoch when the machine's steady clock stood at zero, as this thread sees it. A thread that is
 * given it tells the same time as the one it comes from, whatever the system's clock was set to since.
 */
export function sharedOrigin(): number {
  return performance.timeOrigin + performance.now() - steadyMs();
}

/** What `performance.timeOrigin` would be here, had this thread the origin of another. @param origin {@link sharedOrigin} of the other */
export function timeOriginFrom(origin: number): number {
  return origin + steadyMs() - performance.now();
}

/** The same in all threads of the process. */
function steadyMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
