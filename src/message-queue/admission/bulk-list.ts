import { InvalidPayloadError } from '../jobs/errors.js';

/**
 * Checks what `addBulk` of a queue was given, before anything of it is added.
 * @throws InvalidPayloadError when it is no list of `{ name?, data, opts? }`
 */
export function checkBulkList(queue: string, jobs: unknown): void {
  const wrong = Array.isArray(jobs)
    ? jobs.flatMap((job: unknown, index) =>
        typeof job === 'object' && job !== null ? [] : [`jobs[${index}]`],
      )
    : ['jobs'];
  if (wrong.length === 0) return;
  const issues = wrong.map((path) => ({
    path,
    message: path === 'jobs' ? 'must be a list of { name?, data, opts? }' : 'must be { name?, data, opts? }',
  }));
  throw new InvalidPayloadError(`A bulk add to queue "${queue}" is wrong:`, issues, { queue });
}
