import { settlesWithin } from '../../../kernel/time/settles-within.js';

/** How long the app's thread may take to write what a thread printed, milliseconds. */
const WRITTEN_WITHIN_MS = 500;

/** What a thread prints is written by the app's thread: resolves when all of it was, or that takes too long. */
export async function outputWritten(): Promise<void> {
  const written = [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => void stream.write('', () => resolve())),
  );
  await settlesWithin(Promise.all(written), WRITTEN_WITHIN_MS);
}
