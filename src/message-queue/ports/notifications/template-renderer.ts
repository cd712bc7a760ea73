import { UnrecoverableJobError } from '../../jobs/errors.js';

/** One of the things that a template lists. */
export type TemplateItem = Readonly<Record<string, string | number | boolean>>;

/** Values a template may use. Lists are what the library itself has to list, as in digests. */
export type TemplateVariables = Readonly<Record<string, string | number | boolean | readonly TemplateItem[]>>;

/** A rendered template. */
export interface RenderedTemplate {
  /** Title or subject; null when the template has none. */
  readonly title: string | null;
  /** Plain text. */
  readonly text: string;
  /** HTML with every variable escaped; null when the template has no HTML form. */
  readonly html: string | null;
}

/** There is no template of this name. */
export class UnknownTemplateError extends UnrecoverableJobError {
  override readonly code = 'UNKNOWN_TEMPLATE';
}

/** The template uses variables that were not given; the message names them. */
export class MissingTemplateVariablesError extends UnrecoverableJobError {
  override readonly code = 'MISSING_TEMPLATE_VARIABLES';
}

/** The template takes too long, whatever its values: it never ends, or nests loops. Somebody has to change it. */
export class TemplateLimitError extends UnrecoverableJobError {
  override readonly code = 'TEMPLATE_LIMIT';
}

/** Fills templates. Sandboxed: a template reaches its variables and nothing else. */
export abstract class TemplateRenderer {
  /**
   * Names the variables a template needs, so that a missing one is found when the job is added.
   * @throws UnknownTemplateError
   */
  abstract variablesOf(template: string, signal?: AbortSignal): Promise<readonly string[]>;

  /** @throws UnknownTemplateError, MissingTemplateVariablesError, TemplateLimitError, UnrecoverableJobError when these values cannot fill it */
  abstract render(
    template: string,
    variables: TemplateVariables,
    signal?: AbortSignal,
  ): Promise<RenderedTemplate>;
}
