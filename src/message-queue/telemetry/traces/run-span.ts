import type { Span } from '@opentelemetry/api';
import type { ManagedJobRecord } from '../../jobs/managed-job.js';
import type { Settlement } from '../../jobs/settlement.js';
import { TRACE_NAMES as NAMES } from './trace-names.js';

type Api = typeof import('@opentelemetry/api');

/** A run as far as its span says. */
export interface TracedRun {
  readonly queue: string;
  readonly jobName: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly record: Pick<ManagedJobRecord, 'trace' | 'lastTrace'>;
}

/** The span of one run, or of a batch. */
export class RunSpan {
  constructor(
    private readonly api: Api,
    private readonly span: Span,
    /** What the next attempt links to; undefined where nobody would find it. */
    readonly traceparent: string | undefined,
  ) {}

  /** Calls code of the host in it: what that calls in turn finds it. */
  within<T>(code: () => T): T {
    const { context, trace, ROOT_CONTEXT } = this.api;
    return context.with(trace.setSpan(ROOT_CONTEXT, this.span), code);
  }

  /** How it ended; of a batch the first that failed says it. An error by its name or code alone: its text may quote content. */
  end(settlements: readonly Settlement[]): void {
    const failed = settlements.find((settlement) => settlement.kind === 'failed');
    const shown = failed ?? settlements[0];
    if (shown !== undefined) this.span.setAttribute(NAMES.outcome, shown.kind);
    if (failed !== undefined) {
      const { error } = failed.failure;
      this.span.setAttribute(NAMES.errorType, error);
      this.span.setStatus({ code: this.api.SpanStatusCode.ERROR, message: error });
    }
    this.span.end();
  }
}
