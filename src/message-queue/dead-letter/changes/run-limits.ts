import { Issues } from '../../../kernel/values/issues.js';
import type { Kind } from '../../../kernel/values/kind.js';
import { id, moment, numberFrom, record, wholeNumber } from '../../../kernel/values/kinds.js';
import { InvalidJobOptionsError } from '../../jobs/errors.js';
import type { DeadLetterRunOptions } from './run-options.js';

/** Of a job. */
export const ID = id();
/** Of somebody. */
export const BY = id(200);
/** Letters that are read of a queue. */
export const MAX_SCANNED = numberFrom(1, Number.POSITIVE_INFINITY);

const HEADLINE = 'The dead letter options are wrong:';
const OPTIONS = record();
const BATCH_SIZE = wholeNumber(1, 1_000);
const PER_SECOND = wholeNumber(1, 100_000);
const MATCHED = wholeNumber(0);
const UNTIL = moment();

/** @throws InvalidJobOptionsError */
export function checked<T>(path: string, given: T, kind: Kind<unknown>): T {
  const issues = new Issues();
  issues.check(path, given, kind);
  issues.throwIfAny(InvalidJobOptionsError, HEADLINE);
  return given;
}

/** The options of a run, those that were left out filled in. @throws InvalidJobOptionsError */
export function checkedOptions<Options extends DeadLetterRunOptions>(
  options: Options,
): Options & { readonly dryRun: boolean; readonly batchSize: number; readonly until: number | undefined } {
  const given = checked('options', options, OPTIONS);
  const { dryRun = false, batchSize = 1_000, perSecond, matched } = given;
  const issues = new Issues();
  issues.check('batchSize', batchSize, BATCH_SIZE);
  issues.checkGiven('perSecond', perSecond, PER_SECOND);
  issues.checkGiven('matched', matched, MATCHED);
  const until = given.until === undefined ? undefined : issues.read('until', given.until, UNTIL);
  issues.throwIfAny(InvalidJobOptionsError, HEADLINE);
  return { ...given, dryRun, batchSize: Math.min(batchSize, perSecond ?? batchSize), until };
}
