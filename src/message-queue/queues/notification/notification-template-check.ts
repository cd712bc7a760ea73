import { Injectable } from '@nestjs/common';
import { InvalidPayloadError } from '../../jobs/errors.js';
import type { Issue } from '../../jobs/errors.js';
import { TemplateRenderer, UnknownTemplateError } from '../../ports/template-renderer.js';
import { NotificationJobDto } from './notification-job.dto.js';

/** Finds out when a notification is added what its template would otherwise find out when it is sent. */
@Injectable()
export class NotificationTemplateCheck {
  constructor(private readonly templates: TemplateRenderer) {}

  /**
   * @param payload a validated payload; anything but a notification with a template passes
   * @throws InvalidPayloadError naming the unknown template, or each variable that is missing
   */
  async check(payload: unknown, place: { readonly queue: string; readonly job: string }): Promise<void> {
    if (!(payload instanceof NotificationJobDto) || payload.template === undefined) return;
    const issues = await this.issuesOf(payload.template, payload.variables ?? {});
    if (issues.length === 0) return;
    const headline = `The payload of job "${place.job}" for queue "${place.queue}" does not fit its template:`;
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
