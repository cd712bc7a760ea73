import type { Reading, Unit } from './reading.js';
import type { Stage } from './process/stage.js';
import type { SubjectEntry } from './subjects.js';

/** One measurement. Its trial runs round by round in the process of each contestant, in turn. */
export interface Measurement {
  /** Kebab-case, for `--only`. */
  readonly id: string;
  /** As the table says it. */
  readonly title: string;
  readonly subjects: readonly SubjectEntry[];
  /** Only with `--full`. */
  readonly slow?: boolean;
  /** For what hardly varies from round to round. Default: as many as the command line says. */
  readonly mostRounds?: number;
  /** Whether a trial of half the size goes ahead and does not count. Default true. */
  readonly warmUp?: boolean;
  /** On an empty server. */
  trial(stage: Stage): Promise<readonly Reading[]>;
  /** What a second process of the contestant does, which the trial starts. */
  assist?(stage: Stage): Promise<void>;
}

/** All values of one subject for one row, one or more per round. */
export interface Sample {
  readonly subject: string;
  readonly values: readonly number[];
}

/** One line of the result: the subjects side by side. */
export interface ResultRow {
  /** Id of the measurement; what `--only` takes. null: of a program that measures nothing else. */
  readonly id: string | null;
  readonly title: string;
  /** As in `Reading`. */
  readonly row: string;
  readonly unit: Unit;
  readonly samples: readonly Sample[];
}
