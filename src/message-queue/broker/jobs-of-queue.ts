/** What is stored of a job. */
export interface JobText {
  readonly id: string;
  readonly name: string;
  /** The payload, as JSON. */
  readonly data: string;
}

/** What became of jobs that are to be erased; of ids that are in neither list there is no job. */
export interface ErasedJobs {
  readonly removed: readonly string[];
  /** Their workers were asked to stop: each ends as `shredded`, and goes when it is erased once more. */
  readonly running: readonly string[];
}

/** The jobs of one queue, in every state. */
export interface JobsOfQueue {
  /**
   * The jobs whose stored payload holds one of these texts, those in this process's spool too, in pages of at most 500 jobs and about 1 MiB
   * that were looked at, which may be empty. Looks at every job: about a second for 100 000 small ones. What moves meanwhile may be missed, or
   * come twice; while pages are read, nothing may be erased.
   * @throws BrokerUnavailableError
   */
  holding(texts: readonly string[]): AsyncIterable<readonly JobText[]>;

  /**
   * Removes jobs, each in one step: their texts, logs, failures and places, and the idempotency and debounce keys that stand for them. One
   * that had not ended is told as ended, `shredded`. The run of an active one is aborted with an `ErasedError`, in whichever process. A
   * schedule that lost its run plans it again.
   * @throws BrokerUnavailableError
   */
  erase(ids: readonly string[]): Promise<ErasedJobs>;
}
