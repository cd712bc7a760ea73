/**
 * What a promise resolves to, if it does so in time; it keeps running when it does not.
 * @throws what the promise rejects with; what `tooLate` makes after `timeoutMs`
 */
export async function answeredWithin<T>(
  answer: Promise<T>,
  timeoutMs: number,
  tooLate: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
