import { Issues } from '../../kernel/values/issues.js';
import { kindOf, mustBe } from '../../kernel/values/words.js';
import { InvalidPayloadError } from '../jobs/errors.js';

const JOB = '{ name?, data, opts? }';

/**
 * Checks the argument of `addBulk` before any of it is added.
 * @throws InvalidPayloadError when it is not a list of `{ name?, data, opts? }`
 */
export function checkBulkList(queue: string, jobs: unknown): void {
  const issues = new Issues();
  if (!Array.isArray(jobs)) issues.add('jobs', mustBe(`a list of ${JOB}`, kindOf(jobs)));
  else {
    jobs.forEach((job: unknown, index) => {
      const isObject = typeof job === 'object' && job !== null;
      if (!isObject) issues.add(`jobs[${index}]`, mustBe(JOB, kindOf(job)));
    });
  }
  issues.throwIfAny(InvalidPayloadError, `A bulk add to queue "${queue}" was refused:`, { queue });
}
