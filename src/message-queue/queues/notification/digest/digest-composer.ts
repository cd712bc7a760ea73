import { Injectable } from '@nestjs/common';
import { UnrecoverableJobError } from '../../../jobs/errors.js';
import type { NotificationDraft } from '../../../ports/notifications/notification-channel.js';
import { NotificationType } from '../../../ports/notifications/notification-type.js';
import { TemplateRenderer } from '../../../ports/notifications/template-renderer.js';
import { NotificationChannels } from '../notification-channels.js';
import type { DigestItemJobDto } from './digest-item-job.dto.js';

/** A notification as a digest lists it. */
export interface DigestEntry {
  readonly item: DigestItemJobDto;
  readonly title: string;
  readonly text: string;
  readonly at: Date;
}

/** Names that a digest's template may use beside the variables of its newest notification. */
export const DIGEST_VARIABLES: readonly string[] = ['count', 'items', 'list', 'more'];

/** Makes one message of several notifications. */
@Injectable()
export class DigestComposer {
  constructor(
    private readonly templates: TemplateRenderer,
    private readonly channels: NotificationChannels,
  ) {}

  /**
   * Lists as many of them as the channel can carry, and says how many more there are.
   * @param entries at least one, oldest first; of one type and one digest template
   * @throws UnrecoverableJobError when the channel cannot carry even their number; what the template's renderer throws
   */
  async compose(entries: readonly DigestEntry[], signal: AbortSignal): Promise<NotificationDraft> {
    const whole = await this.fitted(entries, entries.length, signal);
    if (whole.draft !== null) return whole.draft;
    let most: NotificationDraft | null = null;
    let [from, to] = [0, entries.length - 1];
    let { fields } = whole;
    while (from <= to) {
      const listed = Math.floor((from + to) / 2);
      const { draft, fields: unfit } = await this.fitted(entries, listed, signal);
      if (draft === null) [to, fields] = [listed - 1, unfit];
      else [from, most] = [listed + 1, draft];
    }
    if (most !== null) return most;
    throw new UnrecoverableJobError(
      `The digest of ${entries.length} notifications does not fit its channel (${fields}): make its template shorter.`,
    );
  }

  private async fitted(
    entries: readonly DigestEntry[],
    listed: number,
    signal: AbortSignal,
  ): Promise<{ readonly draft: NotificationDraft | null; readonly fields: string }> {
    signal.throwIfAborted();
    const newest = newestOf(entries);
    const { draft, issues } = this.channels.fit(newest.item.type, {
      ...(await this.textOf(entries, listed, signal)),
      push: newest.item.type === NotificationType.PUSH ? newest.item.pushPayload : undefined,
      ...(entries.length === 1 && { messageId: newest.item.messageId }),
    });
    return { draft: issues.length === 0 ? draft : null, fields: issues.map(({ path }) => path).join(', ') };
  }

  private async textOf(
    entries: readonly DigestEntry[],
    listed: number,
    signal: AbortSignal,
  ): Promise<Pick<NotificationDraft, 'title' | 'body' | 'html'>> {
    const newest = newestOf(entries);
    const { digestTemplate, type, variables } = newest.item;
    const shown = entries.slice(0, listed);
    const more = entries.length - listed;
    if (digestTemplate === undefined) return listText(entries, shown, more);
    const rendered = await this.templates.render(
      digestTemplate,
      {
        ...variables,
        ...{ count: entries.length, more, list: shown.map(lineOf).join('\n') },
        items: shown.map(({ title, text, at }) => ({ title, text, at: at.toISOString() })),
      },
      signal,
    );
    const html = type === NotificationType.EMAIL ? (rendered.html ?? undefined) : undefined;
    return { title: rendered.title ?? titleOf(entries), body: rendered.text, html };
  }
}

function newestOf(entries: readonly DigestEntry[]): DigestEntry {
  const newest = entries.at(-1);
  if (newest === undefined) throw new TypeError('A digest has at least one notification.');
  return newest;
}

function listText(
  entries: readonly DigestEntry[],
  shown: readonly DigestEntry[],
  more: number,
): Pick<NotificationDraft, 'title' | 'body'> {
  const [only] = entries;
  if (entries.length === 1 && shown.length === 1 && only !== undefined) {
    return { title: only.title, body: only.text };
  }
  const rest = shown.length === 0 ? `${more} new` : `and ${more} more`;
  return { title: titleOf(entries), body: [...shown.map(lineOf), ...(more > 0 ? [rest] : [])].join('\n') };
}

function titleOf(entries: readonly DigestEntry[]): string {
  return entries.length === 1 ? newestOf(entries).title : `${entries.length} notifications`;
}

/** An entry in one line. */
function lineOf({ title, text }: DigestEntry): string {
  return [title, text]
    .map((part) => part.replace(/\s+/gu, ' ').trim())
    .filter((part) => part !== '')
    .join(': ');
}
