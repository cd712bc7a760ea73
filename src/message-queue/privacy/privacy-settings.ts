import { oneOf } from '../../kernel/values/kinds.js';
import type { ReadOptions } from '../../kernel/values/options.js';
import { setting } from '../../kernel/values/setting.js';

/** What is told of jobs that carry content: those of the built-in queues, and of a host's own that say `sealed: true`. */
export const PRIVACY_SETTINGS = {
  /**
   * Whether the payloads of queues that carry content are sealed. `open-only` opens what is sealed and seals nothing: the first of the
   * two deploys that turn sealing on, or the way back.
   */
  sealing: setting(oneOf('on', 'open-only', 'off'), {
    variable: 'MESSAGE_QUEUE_SEALING',
    default: 'on',
  }),
  /** What happens to a job of a sealed queue that was stored in plain text: it runs, or becomes a dead letter. */
  unsealed: setting(oneOf('run', 'refuse'), {
    variable: 'MESSAGE_QUEUE_UNSEALED',
    default: 'run',
  }),
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
