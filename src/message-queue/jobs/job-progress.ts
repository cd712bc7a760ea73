/** The progress of a job. Stored with the job and shown on the board. */
export interface JobProgress {
  /** 0 to 100. */
  readonly percentage: number;
  /** What is being done now, for example `sending`. */
  readonly step?: string;
  readonly totalSteps?: number;
  /** 1 to `totalSteps`. */
  readonly currentStep?: number;
  /** Small, serialisable details. Never message content. */
  readonly data?: Record<string, unknown>;
}
