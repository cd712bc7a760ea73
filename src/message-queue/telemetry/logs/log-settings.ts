import { oneOf } from '../../../kernel/values/kinds.js';
import type { ReadOptions } from '../../../kernel/values/options.js';
import { setting } from '../../../kernel/values/setting.js';

/** How the log says what becomes of jobs: `forRoot({ logs })`. */
export const LOG_SETTINGS = {
  /** `text`: a sentence a line. `fields`: an object for Nest's logger, with the same fields for every event; `StructuredLogger` writes them flat. */
  format: setting(oneOf('text', 'fields'), { variable: 'MESSAGE_QUEUE_LOGS', default: 'text' }),
  /** At which level the log says that a job has completed, or that it does not. */
  completed: setting(oneOf('info', 'debug', 'off'), { otherwise: '`info` with fields, otherwise `off`' }),
};

/** How the log says what becomes of jobs. */
export type LogSettings = ReadOptions<typeof LOG_SETTINGS>;
