import { Injectable } from '@nestjs/common';
import type { EnqueueCheck } from '../../admission/enqueue-check.js';
import { InvalidPayloadError, UnrecoverableJobError } from '../../jobs/errors.js';
import type { ErrorPlace, Issue } from '../../../kernel/errors.js';
import type { NotificationDraft } from '../../ports/notifications/notification-channel.js';
import { NotificationType } from '../../ports/notifications/notification-type.js';
import {
  TemplateLimitError,
  TemplateRenderer,
  UnknownTemplateError,
} from '../../ports/notifications/template-renderer.js';
import { QueueName } from '../queue-name.js';
import { DIGEST_VARIABLES } from './digest/digest-composer.js';
import { NotificationChannels } from './notification-channels.js';
import type { NotificationJobDto } from './notification-job.dto.js';
import { NotificationPriority } from './notification-priority.js';

/** Finds when a notification is added the mistakes that its templates and its channel would otherwise find when it is sent. */
@Injectable()
export class NotificationCheck implements EnqueueCheck {
  readonly queue = QueueName.MESSAGE_NOTIFICATION;
  readonly job = 'send-notification';

  constructor(
    private readonly templates: TemplateRenderer,
    private readonly channels: NotificationChannels,
  ) {}

  /**
   * @throws InvalidPayloadError naming an unknown template, each variable that is missing, values that the template cannot be filled with, or
   * each field that the channel cannot send
   */
  async check(payload: NotificationJobDto, place: ErrorPlace): Promise<void> {
    const templateIssues = await this.templateIssues(payload);
    this.throwIfAny(templateIssues, 'does not fit its template:', place);
    this.throwIfAny(await this.channelIssues(payload), `does not fit its channel "${payload.type}":`, place);
  }

  private throwIfAny(issues: readonly Issue[], what: string, place: ErrorPlace): void {
    if (issues.length === 0) return;
    const headline = `The payload of job "${this.job}" for queue "${this.queue}" ${what}`;
    throw new InvalidPayloadError(headline, issues, place);
  }

  private async templateIssues(job: NotificationJobDto): Promise<Issue[]> {
    const { template, digestTemplate, variables = {} } = job;
    const known = Object.keys(variables);
    return [
      ...(template === undefined ? [] : await this.missing('template', template, known)),
      ...(digestTemplate === undefined
        ? []
        : await this.missing('digestTemplate', digestTemplate, [...known, ...DIGEST_VARIABLES])),
    ];
  }

  private async missing(path: string, template: string, known: readonly string[]): Promise<Issue[]> {
    try {
      const needed = await this.templates.variablesOf(template);
      return needed
        .filter((name) => !known.includes(name))
        .map((name) => ({ path: `variables.${name}`, message: `is needed by template "${template}"` }));
    } catch (error) {
      if (!(error instanceof UnknownTemplateError)) throw error;
      return [{ path, message: error.message }];
    }
  }

  private async channelIssues(job: NotificationJobDto): Promise<readonly Issue[]> {
    // A digest lists as much of it as fits.
    const isCollected = job.digestKey !== undefined && job.priority !== NotificationPriority.URGENT;
    const draft = await this.draftOf(job);
    if (draft === null) return [];
    if (!('title' in draft)) return [draft];
    if (isCollected) return [];
    const { issues } = this.channels.fit(job.type, draft);
    const { template } = job;
    return template === undefined ? issues : issues.map((issue) => ofTemplate(issue, template));
  }

  /**
   * @returns an issue where the template cannot be filled with these values; null where no values could fill it: whoever adds can do nothing about
   * it, and a dead letter waits for whoever can
   */
  private async draftOf(job: NotificationJobDto): Promise<NotificationDraft | Issue | null> {
    const { type, title = '', message = '', pushPayload, messageId, template, variables = {} } = job;
    const rest = { push: type === NotificationType.PUSH ? pushPayload : undefined, messageId };
    if (template === undefined) return { title, body: message, ...rest };
    try {
      const rendered = await this.templates.render(template, variables);
      const html = type === NotificationType.EMAIL ? (rendered.html ?? undefined) : undefined;
      return { title: rendered.title ?? title, body: rendered.text, html, ...rest };
    } catch (error) {
      if (error instanceof TemplateLimitError) return null;
      if (!(error instanceof UnrecoverableJobError)) throw error;
      return { path: 'variables', message: `cannot fill template "${template}": ${error.message}` };
    }
  }
}

/** The text is not in the payload: what made it is. */
function ofTemplate({ path, message }: Issue, template: string): Issue {
  const isMade = path === 'title' || path === 'message';
  return isMade
    ? { path: 'template', message: `"${template}" makes a ${path} that ${message}` }
    : { path, message };
}
