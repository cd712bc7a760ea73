import type { Issue } from '../../../kernel/errors.js';
import type { FittedDraft, NotificationDraft } from '../../ports/notifications/notification-channel.js';
import { shortenedText } from '../shared/shortened-text.js';
import type { ResolvedSmtpOptions } from './smtp-options.js';

/** A line of a mail has 998 bytes at most (RFC 5322 §2.1.1), and a subject without spaces cannot be folded. */
const LONGEST_SUBJECT = 900;
/** What header and boundaries take at most, bytes. */
const HEADER_BYTES = 8_192;

/** A draft as a mail server takes it: its subject is short enough to be one line, and the whole mail small enough. */
export function fittedMail(
  draft: NotificationDraft,
  { overlong, maxBytes }: Pick<ResolvedSmtpOptions, 'overlong' | 'maxBytes'>,
): FittedDraft {
  const issues: Issue[] = [];
  let { title } = draft;
  if (title.length > LONGEST_SUBJECT) {
    const short = shortenedText(title, (text) => text.length, LONGEST_SUBJECT);
    if (overlong === 'shorten' && short !== null) title = short;
    else
      issues.push({
        path: 'title',
        message: `a mail's subject has at most ${LONGEST_SUBJECT} characters, this has ${title.length}`,
      });
  }
  const bytes = HEADER_BYTES + encodedBytes(draft.body) + encodedBytes(draft.html ?? '');
  if (bytes > maxBytes) {
    const message = `the mail would have ${bytes} bytes, the server takes ${maxBytes} (\`maxBytes\`)`;
    issues.push({ path: 'message', message });
  }
  return { draft: { ...draft, title }, issues };
}

/** As quoted-printable or base64, whichever is shorter, with its line breaks. */
function encodedBytes(text: string): number {
  const bytes = Buffer.byteLength(text);
  const base64 = Math.ceil((bytes / 3) * 4);
  const raw = text.replace(/[^\t\n\r -<>-~]/g, '').length;
  return Math.ceil(Math.min(base64, raw + 3 * (bytes - raw)) * (1 + 2 / 76));
}
