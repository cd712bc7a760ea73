/** A call that whoever makes it may give up on: how it then ends is nobody's business, and must not end the process. */
export function abandonable<T>(call: () => Promise<T>): () => Promise<T> {
  return () => {
    const called = call();
    called.catch(() => undefined);
    return called;
  };
}
