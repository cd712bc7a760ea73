/** The values of all, in their order: at once unless one of them has to be waited for. */
export function allOf<T>(values: readonly (T | Promise<T>)[]): T[] | Promise<T[]> {
  const isWaiting = values.some((value) => value instanceof Promise);
  return isWaiting ? Promise.all(values.map(async (value) => value)) : (values as T[]);
}
