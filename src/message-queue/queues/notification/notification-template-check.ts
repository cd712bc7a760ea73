import { Injectable } from '@nestjs/common';
import type { EnqueueCheck } from '../../admission/enqueue-check.js';
import { InvalidPayloadError } from '../../jobs/errors.js';
import type { ErrorPlace, Issue } from '../../../kernel/errors.js';
import { TemplateRenderer, UnknownTemplateError } from '../../ports/notifications/template-renderer.js';
import { QueueName } from '../queue-name.js';
import type { NotificationJobDto } from './notification-job.dto.js';

/** Finds when a notification is added the mistakes that its template would otherwise find when it is sent. */
@Injectable()
export class NotificationTemplateCheck implements EnqueueCheck {
  readonly queue = QueueName.MESSAGE_NOTIFICATION;
  readonly job = 'send-notification';

  constructor(private readonly templates: TemplateRenderer) {}

  /** @throws InvalidPayloadError naming the unknown template, or each variable that is missing */
  async check(payload: NotificationJobDto, place: ErrorPlace): Promise<void> {
    if (payload.template === undefined) return;
    const issues = await this.issuesOf(payload.template, payload.variables ?? {});
    if (issues.length === 0) return;
    const headline = `The payload of job "${this.job}" for queue "${this.queue}" does not fit its template:`;
    throw new InvalidPayloadError(headline, issues, place);
  }

  private async issuesOf(template: string, variables: object): Promise<Issue[]> {
    try {
      const needed = await this.templates.variablesOf(template);
      const missing = needed.filter((name) => !Object.hasOwn(variables, name));
      return missing.map((name) => ({
        path: `variables.${name}`,
        message: `is needed by template "${template}"`,
      }));
    } catch (error) {
      if (!(error instanceof UnknownTemplateError)) throw error;
      return [{ path: 'template', message: error.message }];
    }
  }
}
