import { flag } from '../../../kernel/values/kinds.js';
import type { ReadOptions } from '../../../kernel/values/options.js';
import { setting } from '../../../kernel/values/setting.js';

/** Whether adds and runs are traced: `forRoot({ traces })`. Without `@opentelemetry/api`, or a provider in it, nothing is and nothing is lost. */
export const TRACE_SETTINGS = {
  /** Whether they are, where the app has a provider of traces when it starts. */
  enabled: setting(flag(), { variable: 'MESSAGE_QUEUE_TRACES', default: true }),
  /** Whether each attempt is a trace of its own that links to the add, instead of a part of its trace: for jobs that wait for hours. */
  links: setting(flag(), { variable: 'MESSAGE_QUEUE_TRACE_LINKS', default: false }),
};

/** Whether adds and runs are traced. */
export type TraceSettings = ReadOptions<typeof TRACE_SETTINGS>;
