import { escaped } from '../../../../kernel/logging/printable.js';
import { boundedText } from '../../../../kernel/values/bounded-text.js';
import type { LetterAction } from '../../../dead-letter/changes/letter-change.js';
import type { LetterPreview } from '../../../dead-letter/changes/letter-preview.js';
import type { LetterHead } from '../../../dead-letter/dead-letter.js';
import type { BoardView } from '../../board/view/board-view.js';
import type { ChangePlan, ChangeReport, DeadLetterList, DeadLetterRow } from '../answers.js';
import { InvalidRequestError } from '../request-errors.js';
import { act, look, Reply } from '../route.js';
import type { Route } from '../route.js';
import { ref } from '../schemas/schema.js';
import {
  flagParam,
  groupParam,
  textParam,
  textsParam,
  timeParam,
  wholeParam,
  withDefault,
} from '../shape.js';
import type { Read } from '../shape.js';
import { CURSOR, LIMIT } from './paging.js';
import { REASON, reasonCode } from './reason.js';

/** Changes of more letters, or that take longer, go on by themselves. */
const LONG_LETTERS = 10_000;
const LONG_S = 10;

const FILTER = {
  queue: textsParam('One queue, or several. Default: all.'),
  job: textsParam('One job name, or several.'),
  error: textParam('A text that the name or message of the last error contains, whatever its case.', 1_000),
  from: timeParam('Became a dead letter at this time or later.'),
  to: timeParam('Became a dead letter at this time or earlier.'),
  cancelled: flagParam('Only cancelled ones (true), or none of them (false).'),
  group: textParam('Only those of one group: its `key`.', 100),
  payload: textParam(
    'A condition on a field of the payload, such as `user.id = 42`. Sealed payloads meet none.',
    1_000,
  ),
};

const CHANGE = {
  filter: withDefault(groupParam('Which letters. Default: all.', FILTER), {}),
  dryRun: withDefault(flagParam('Only say what would happen.'), true),
  until: timeParam('That of the preview: letters that failed later stay out. Needed unless `dryRun`.'),
  matched: wholeParam('That of the preview: of more letters, none is touched. Needed unless `dryRun`.', 0),
  reason: REASON,
  perSecond: wholeParam('At most so many letters a second. Default: as fast as the broker can.', 1, 100_000),
};

/** A dead letter as a list shows it. */
function letterRow(letter: LetterHead, view: Pick<BoardView, 'errorText'>): DeadLetterRow {
  const { queue, id, job, error, reason, lastFailedAt, attempts } = letter;
  const text = escaped(boundedText(view.errorText({ queue, job, id }, reason)));
  const failedAt = new Date(lastFailedAt).toISOString();
  return { queue, id, job: escaped(job), error: escaped(error), text, failedAt, attempts };
}

/** Dead letters: listed, in groups, and changed by the many. */
export const LETTER_ROUTES: readonly Route[] = [
  look('dead-letters', {
    about: 'Dead letters, the newest first.',
    query: { ...FILTER, limit: LIMIT, cursor: CURSOR },
    answer: ref('DeadLetterList'),
    handle: async ({ query }, { letters, view }) => {
      const page = await letters.list(query);
      const rows = page.letters.map((letter) => letterRow(letter, view));
      return { letters: rows, cursor: page.nextCursor } satisfies DeadLetterList;
    },
  }),
  look('dead-letters/groups', {
    about: 'Dead letters of the same kind together, of the newest 10 000 of each queue.',
    query: FILTER,
    answer: ref('DeadLetterGroups'),
    handle: async ({ query }, { letters, view }) => {
      const found = await letters.groups(query);
      // A group's text stands for many jobs: it is asked about as that of one without an id.
      const groups = found.groups.map((group) => ({
        ...group,
        text: view.errorText({ ...group, id: '' }, group.text),
      }));
      return { ...found, groups };
    },
  }),
  changeOfMany(
    'replay',
    'Puts dead letters back to waiting, those that were cancelled only where `filter.cancelled` says so.',
  ),
  changeOfMany('discard', 'Removes dead letters for good.'),
];

function changeOfMany(action: LetterAction, about: string): Route {
  return act(`dead-letters/${action}`, {
    about: `${about} Two calls: the first, with \`dryRun\`, says what would happen; the second does just that.`,
    body: CHANGE,
    answers: {
      200: { anyOf: [ref('ChangePlan'), ref('ChangeReport')] },
      202: ref('LongOperation'),
    },
    handle: async ({ body, by }, { letters, longChanges, view }) => {
      const { filter, dryRun, perSecond } = body;
      if (dryRun) return planOf(await letters.preview(action, filter), view);
      const { until, matched } = meant(body);
      const reason = reasonCode(body.reason, action === 'discard');
      const options = { until, matched, reason, perSecond, by: by.name };
      if (matched > LONG_LETTERS || matched > (perSecond ?? Infinity) * LONG_S) {
        const call = { action, filter, options };
        const operation = await longChanges.start(letters, call);
        return new Reply(202, operation);
      }
      const change = await letters.change(action, filter, options);
      return { dryRun: false, ...change } satisfies ChangeReport;
    },
  });
}

function planOf({ matched, until, byError, byJob, sample }: LetterPreview, view: BoardView): ChangePlan {
  const rows = sample.map((letter) => letterRow(letter, view));
  return { dryRun: true, matched, until: until.toISOString(), byError, byJob, sample: rows };
}

/** @throws InvalidRequestError without what the preview said */
function meant({ until, matched }: Read<typeof CHANGE>): {
  readonly until: number;
  readonly matched: number;
} {
  const missing = Object.entries({ until, matched }).filter(([, value]) => value === undefined);
  if (until !== undefined && matched !== undefined) return { until, matched };
  throw new InvalidRequestError(
    'The body is wrong:',
    missing.map(([path]) => ({ path, message: 'must be what the preview (`dryRun: true`) answered' })),
  );
}
