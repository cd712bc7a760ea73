import type {
  ChangePlan,
  ChangeReport,
  DeadLetterGroup,
  DeadLetterGroups,
  DeadLetterList,
  DeadLetterRow,
  JobDetail,
  JobList,
  JobRow,
  LongOperation,
} from '../answers.js';
import {
  ANYTHING,
  FLAG,
  list,
  mapOf,
  NUMBER,
  object,
  orNull,
  ref,
  TEXT,
  TIME,
  WHOLE,
  words,
} from './schema.js';
import type { Schema } from './schema.js';

const STATES = ['waiting', 'active', 'delayed', 'paused', 'completed', 'failed', 'expired', 'unknown'];
const RUN_KINDS = ['error', 'timeout', 'crash', 'cancelled', 'completed', 'running'];
const FAILED = list(object<{ id: string; why: string }>({ id: TEXT, why: TEXT }));

const JOB_ROW = {
  ...{ queue: TEXT, id: TEXT, job: TEXT, state: words(...STATES), priority: WHOLE },
  ...{ addedAt: TIME, dueAt: orNull(TIME), startedAt: orNull(TIME), finishedAt: orNull(TIME) },
  ...{ attempts: WHOLE, error: orNull(TEXT) },
};

/** What is answered of jobs and dead letters. */
export const LETTER_SCHEMAS: Readonly<Record<string, Schema>> = {
  JobRow: object<JobRow>(JOB_ROW),
  JobList: object<JobList>({ jobs: list(ref('JobRow')), looked: WHOLE, of: WHOLE, cursor: orNull(TEXT) }),
  JobDetail: object<JobDetail>({
    ...JOB_ROW,
    ...{ payload: ANYTHING, isSealed: FLAG, result: ANYTHING, progress: ANYTHING },
    ...{ maxAttempts: WHOLE, correlationId: orNull(TEXT) },
    runs: list(
      object<JobDetail['runs'][number]>({
        ...{
          attempt: WHOLE,
          at: orNull(TIME),
          kind: words(...RUN_KINDS),
          error: orNull(TEXT),
          text: orNull(TEXT),
        },
        ...{ durationMs: orNull(NUMBER), waitMs: orNull(NUMBER), worker: orNull(TEXT) },
      }),
    ),
    replays: list(object<JobDetail['replays'][number]>({ at: TIME, by: TEXT })),
    cancelled: orNull(object<NonNullable<JobDetail['cancelled']>>({ at: orNull(TIME), reason: TEXT })),
  }),
  DeadLetterRow: object<DeadLetterRow>({
    ...{ queue: TEXT, id: TEXT, job: TEXT, error: TEXT, text: TEXT, failedAt: TIME, attempts: WHOLE },
  }),
  DeadLetterList: object<DeadLetterList>({ letters: list(ref('DeadLetterRow')), cursor: orNull(TEXT) }),
  DeadLetterGroup: object<DeadLetterGroup>({
    ...{
      key: TEXT,
      queue: TEXT,
      job: TEXT,
      error: TEXT,
      text: TEXT,
      letters: WHOLE,
      firstAt: TIME,
      lastAt: TIME,
    },
  }),
  DeadLetterGroups: object<DeadLetterGroups>({
    groups: list(ref('DeadLetterGroup')),
    looked: WHOLE,
    of: WHOLE,
  }),
  ChangePlan: object<ChangePlan>({
    ...{ dryRun: { const: true }, matched: WHOLE, until: TIME, byError: mapOf(WHOLE), byJob: mapOf(WHOLE) },
    sample: list(ref('DeadLetterRow')),
  }),
  ChangeReport: object<ChangeReport>({
    ...{ dryRun: { const: false }, moved: WHOLE, gone: WHOLE, failed: FAILED, left: WHOLE },
  }),
  LongOperation: object<LongOperation>({
    ...{ id: TEXT, action: words('replay', 'discard'), state: words('running', 'done', 'stopped', 'failed') },
    ...{ by: TEXT, startedAt: TIME, matched: WHOLE, moved: WHOLE, gone: WHOLE, failed: FAILED },
  }),
};
