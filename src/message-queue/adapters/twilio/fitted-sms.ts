import type { FittedDraft, NotificationDraft } from '../../ports/notifications/notification-channel.js';
import { shortenedText } from '../shared/shortened-text.js';
import { isGsm, segmentsOf } from './sms-segments.js';

/** The longest body that Twilio takes (error 21617), UTF-16 units, whatever its alphabet. */
const MAX_CHARACTERS = 1_600;

/** What an SMS may be, and what becomes of a longer one. */
export interface SmsLimits {
  /** Default: as many as the 1 600 characters of Twilio make. */
  readonly maxSegments?: number;
  readonly overlong: 'refuse' | 'shorten';
}

/** What is sent: the title, a line break and the message; where one of them is blank, the other alone. */
export function smsTextOf({ title, body }: Pick<NotificationDraft, 'title' | 'body'>): string {
  if (title.trim() === '') return body;
  return body.trim() === '' ? title : `${title}\n${body}`;
}

/** The draft as Twilio takes it: as it is, with an issue by field, or shortened between two characters where the limits say so. */
export function fittedSms(draft: NotificationDraft, limits: SmsLimits): FittedDraft {
  const text = smsTextOf(draft);
  if (text.trim() === '')
    return { draft, issues: [{ path: 'message', message: 'must not be blank in an SMS' }] };
  if (isSmall(text, limits)) return { draft, issues: [] };
  const short = limits.overlong === 'shorten' ? shortened(draft, limits) : null;
  if (short !== null) return { draft: short, issues: [] };
  const path = isSmall(draft.title, limits) ? 'message' : 'title';
  const { maxSegments } = limits;
  const most = maxSegments === undefined ? '' : `, and may have ${maxSegments}`;
  const size = `${text.length} characters in ${segmentsOf(text)} segment(s)`;
  return {
    draft,
    issues: [{ path, message: `makes the SMS ${size}; Twilio takes ${MAX_CHARACTERS} characters${most}` }],
  };
}

/** Of the message as much as fits; where not even its first character does, of the title. */
function shortened(draft: NotificationDraft, limits: SmsLimits): NotificationDraft | null {
  const fitting = (sized: (text: string) => NotificationDraft, text: string): NotificationDraft | null => {
    const cut = (candidate: string): NotificationDraft =>
      candidate === text ? sized(text) : inItsAlphabet(sized, candidate);
    const short = shortenedText(text, (candidate) => (isSmall(smsTextOf(cut(candidate)), limits) ? 0 : 1), 0);
    return short === null ? null : cut(short);
  };
  const ofBody = fitting((body) => ({ ...draft, body }), draft.body);
  return ofBody ?? fitting((title) => ({ ...draft, title, body: '' }), draft.title);
}

/** With an ellipsis that does not itself make the SMS one of the alphabet of which less than half as much fits. */
function inItsAlphabet(sized: (text: string) => NotificationDraft, cut: string): NotificationDraft {
  const beginning = cut.slice(0, -1);
  return sized(isGsm(smsTextOf(sized(beginning))) ? `${beginning}...` : cut);
}

function isSmall(text: string, { maxSegments = Infinity }: SmsLimits): boolean {
  return text.length <= MAX_CHARACTERS && segmentsOf(text) <= maxSegments;
}
