import type { GroupId } from '../../../broker/groups-of-queue.js';
import type { Groups } from '../../../groups/groups.js';
import type { PostedForm } from '../pages/posted-form.js';

/** What came of an act, as the page is told in its address. */
const OUTCOMES = {
  replayed: 'goes on: its job runs again, before those that wait behind it.',
  discarded: 'goes on without its job, which is gone for good.',
  'not-parked': 'does not stand still for that job any more. Nothing was done.',
  'released-meanwhile': 'was released by somebody else in the meantime. Nothing was done.',
  paused: 'is paused. What runs goes on.',
  resumed: 'goes on.',
  'not-paused': 'was not paused.',
} as const;

/** One of the outcomes that the page knows words for. */
export type ActOutcome = keyof typeof OUTCOMES;

/** What the page says of an outcome, behind the name of the group; undefined for one that there is not. */
export function wordsOf(outcome: string | null): string | undefined {
  return outcome !== null && Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome as ActOutcome] : undefined;
}

/** Does what a form of the page asks for. @throws what {@link Groups} does; nothing is done for an act that there is not */
export async function actOnGroup(
  groups: Groups,
  queue: string,
  form: PostedForm,
  by: string,
): Promise<{ readonly group: GroupId; readonly outcome: ActOutcome } | null> {
  const group = { gate: form.text('gate'), id: form.text('id') } as GroupId;
  const act = form.text('act');
  switch (act) {
    case 'replay':
    case 'discard': {
      const jobId = form.text('job');
      const released = await groups.release(queue, group, act, { by, jobId });
      const done = act === 'replay' ? 'replayed' : 'discarded';
      return { group, outcome: released === 'released' ? done : released };
    }
    case 'pause':
      await groups.pause(queue, group, form.text('reason'), { by });
      return { group, outcome: 'paused' };
    case 'resume':
      return { group, outcome: (await groups.resume(queue, group, { by })) ? 'resumed' : 'not-paused' };
    default:
      return null;
  }
}
