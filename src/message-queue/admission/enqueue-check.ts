import type { ErrorPlace } from '../../kernel/errors.js';

/** Checks, when a job is added, what its DTO cannot know and its handler would find out too late. */
export interface EnqueueCheck {
  readonly queue: string;
  /** Name of the jobs to check. */
  readonly job: string;
  /**
   * @param payload an instance of the job's DTO class, valid
   * @throws InvalidPayloadError naming what is wrong
   */
  check(payload: object, place: ErrorPlace): Promise<void>;
}
