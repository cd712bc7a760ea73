import type { Issue } from '../../../../kernel/errors.js';
import { oneOf } from '../../../../kernel/values/kinds.js';
import type { Kind } from '../../../../kernel/values/kind.js';
import { UnrecoverableJobError } from '../../../jobs/errors.js';
import type {
  FittedDraft,
  NotificationDraft,
  OutgoingNotification,
} from '../../../ports/notifications/notification-channel.js';
import { shortenedText } from '../shortened-text.js';

/** What becomes of a push that is too long: it is refused when it is added, or its text is cut between two characters, with `…`. */
export type OverlongPush = 'refuse' | 'shorten';

/** The values of {@link OverlongPush}. */
export function overlongPush(): Kind<OverlongPush> {
  return oneOf('refuse', 'shorten');
}

/** What a push service takes. */
export interface PushLimits {
  /** As messages name it. */
  readonly service: string;
  readonly maxBytes: number;
  readonly overlong: OverlongPush;
  /** Bytes of the push that becomes of a draft under an id. */
  readonly bytesOf: (draft: NotificationDraft, notificationId: string) => number;
  /** What the service never takes, however short it is. */
  readonly issuesOf: (draft: NotificationDraft) => readonly Issue[];
}

/** The longest id that a job can have, in the script that takes most bytes. */
const LONGEST_ID = '消'.repeat(200);

/** A draft as a service takes it, under whatever id. */
export function fittedPush(draft: NotificationDraft, limits: PushLimits): FittedDraft {
  return fitted(draft, limits, LONGEST_ID);
}

/** A notification as a service takes it. @throws UnrecoverableJobError that names the field that keeps it from being sent */
export function sendablePush(notification: OutgoingNotification, limits: PushLimits): OutgoingNotification {
  const { draft, issues } = fitted(notification, limits, notification.notificationId);
  const [issue] = issues;
  if (issue !== undefined) throw new UnrecoverableJobError(`${issue.path}: ${issue.message}`);
  return { ...notification, title: draft.title, body: draft.body };
}

function fitted(draft: NotificationDraft, limits: PushLimits, id: string): FittedDraft {
  const issues = [...limits.issuesOf(draft)];
  const bytesOf = (changed: Partial<NotificationDraft>): number =>
    limits.bytesOf({ ...draft, ...changed }, id);
  const bytes = bytesOf({});
  if (bytes <= limits.maxBytes) return { draft, issues };
  const short = limits.overlong === 'shorten' ? shortened(draft, limits.maxBytes, bytesOf) : null;
  if (short !== null) return { draft: short, issues };
  return { draft, issues: [...issues, tooLong(draft, limits, bytes, bytesOf)] };
}

/** Cuts the message, and the title where that is not enough; null: the rest alone is too long. */
function shortened(
  draft: NotificationDraft,
  maxBytes: number,
  bytesOf: (changed: Partial<NotificationDraft>) => number,
): NotificationDraft | null {
  const body = shortenedText(draft.body, (text) => bytesOf({ body: text }), maxBytes);
  if (body !== null) return { ...draft, body };
  const least = draft.body === '' ? '' : '…';
  const title = shortenedText(draft.title, (text) => bytesOf({ title: text, body: least }), maxBytes);
  return title === null ? null : { ...draft, title, body: least };
}

function tooLong(
  { push = {} }: NotificationDraft,
  { service, maxBytes }: PushLimits,
  bytes: number,
  bytesOf: (changed: Partial<NotificationDraft>) => number,
): Issue {
  const what = `makes the push ${bytes} bytes; ${service} takes ${maxBytes}`;
  // Both texts may be as short as one character each.
  const room = (without: Partial<NotificationDraft>): number => maxBytes - bytesOf(without);
  if (room({ body: '' }) > 0) return { path: 'message', message: `${what}, ${room({ body: '' })} for it` };
  if (room({ body: '', title: '' }) > 0) return { path: 'title', message: what };
  const sizes = Object.entries<unknown>({ ...push }).map(([name, value]) => ({
    name,
    size: JSON.stringify({ value }).length,
  }));
  const largest = sizes.sort((a, b) => b.size - a.size)[0];
  return { path: largest === undefined ? 'pushPayload' : `pushPayload.${largest.name}`, message: what };
}
