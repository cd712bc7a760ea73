import { NotConfirmedError } from './cli-errors.js';
import type { Run } from './command-line.js';
import type { ChangeOptions } from './command-options.js';
import { count } from './output/words.js';
import { OperatorLog } from './session/operator-log.js';
import type { Deed } from './session/operator-log.js';

/** What is about to be done. */
export interface Intent {
  /** Such as `Replay 27 dead letters?`. */
  readonly question: string;
  /** How many jobs; null where it is none of many. */
  readonly matched: number | null;
  /** As it is written down when it is refused. */
  readonly deed: Deed;
}

/**
 * Lets what was shown be done: somebody says yes, or the call has said it.
 * @throws NotConfirmedError when nobody did, or more match than were expected; that is in the audit then
 */
export async function confirm(run: Run, options: ChangeOptions, intent: Intent): Promise<void> {
  try {
    await agreed(run, options, intent);
  } catch (error) {
    const { activity } = await run.session.readings();
    await new OperatorLog(activity).note(intent.deed, 'refused', intent.matched);
    throw error;
  }
}

async function agreed(
  { terminal, isJson, signal, interrupt }: Run,
  { yes, expect }: ChangeOptions,
  { question, matched }: Intent,
): Promise<void> {
  if (matched !== null && expect !== undefined && matched > expect) {
    throw new NotConfirmedError(
      `Nothing was changed: ${count(matched)} match, and ${count(expect)} were expected at most.`,
    );
  }
  const flags = matched === null ? '--yes' : `--yes --expect ${matched}`;
  if (yes === true) {
    if (matched === null || expect !== undefined) return;
    throw new NotConfirmedError(`Nothing was changed: --yes needs --expect here. Now it would be ${flags}`);
  }
  if (isJson || !terminal.isInteractive) {
    throw new NotConfirmedError(`Nothing was changed: nobody can be asked here. Say ${flags}`);
  }
  if (!(await terminal.confirmed(question, signal, interrupt)))
    throw new NotConfirmedError('Nothing was changed.');
}
