/** Where a function was called from, as `file:line:column`; for messages only. */
export function callingPlace(called: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, called);
  const frame = holder.stack?.split('\n')[1]?.trim() ?? '';
  const place = /\(([^()]+)\)$/.exec(frame)?.[1] ?? frame.replace(/^at (async )?/, '');
  return place.replace(/^file:\/\//, '') || 'an unknown place';
}
