import { oneOf } from '../../kernel/values/kinds.js';
import type { ReadOptions } from '../../kernel/values/options.js';
import { setting } from '../../kernel/values/setting.js';

/** What is told of jobs that carry content: those of the built-in queues, and of a host's own that say `sealed: true`. */
export const PRIVACY_SETTINGS = {
  /**
   * What is stored, logged and told of a failure: `scrubbed`, its text with `[content]` in place of what it shares with the payload;
   * `codes`, no text at all. The code or the class of the error and the frames of its stack stay either way.
   */
  errorTexts: setting(oneOf('scrubbed', 'codes'), {
    variable: 'MESSAGE_QUEUE_ERROR_TEXTS',
    default: 'scrubbed',
  }),
};

/** What is told of failures of sealed queues. */
export type ErrorTexts = ReadOptions<typeof PRIVACY_SETTINGS>['errorTexts'];
