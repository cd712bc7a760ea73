import type { Attributes, Link, Span, Tracer } from '@opentelemetry/api';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { packageVersion } from '../../../kernel/host/package-version.js';
import { MessageQueueError } from '../../../kernel/errors.js';
import { toError } from '../../jobs/failure-record.js';
import { RunSpan } from './run-span.js';
import type { TracedRun } from './run-span.js';
import { TRACE_NAMES as NAMES } from './trace-names.js';
import type { TraceSettings } from './trace-settings.js';
import { placeOfTraceparent, traceparentOf } from './traceparent.js';

type Api = typeof import('@opentelemetry/api');

/**
 * Spans of adds and runs, by `@opentelemetry/api` alone: a host that has it, and a provider in it, finds a job's attempts in the trace of what
 * added it, in whichever process they ran. Where either is missing nothing is done.
 */
export class JobTraces {
  readonly #links: boolean;
  readonly #api: Api | null;
  #tracer: Tracer | null = null;

  constructor({ enabled, links }: TraceSettings) {
    this.#links = links;
    this.#api = enabled ? loadedApi() : null;
    this.look();
  }

  /** Whether there are spans to be made. */
  get isOn(): boolean {
    return this.#tracer !== null;
  }

  /** Looks whether the app has a provider by now; to be called once more when it has started. */
  look(): void {
    if (this.#api === null || this.#tracer !== null || !hasProvider(this.#api)) return;
    this.#tracer = this.#api.trace.getTracer('nestjs-message-queue', packageVersion());
  }

  /**
   * Makes an add a span, part of the trace that is under way. Call only while it `isOn`.
   * @param count of jobs; undefined: one, which is no batch
   * @param add gets what is kept with the jobs, so that their runs are found from here
   * @param idOf of a single job
   */
  async sending<T>(
    queue: string,
    count: number | undefined,
    add: (traceparent: string | undefined) => Promise<T>,
    idOf: (added: T) => string | undefined,
  ): Promise<T> {
    const { context, trace, SpanKind } = this.#api as Api;
    const attributes = this.#attributes('send', queue);
    if (count !== undefined) attributes[NAMES.batchCount] = count;
    const span = (this.#tracer as Tracer).startSpan(NAMES.send(queue), {
      kind: SpanKind.PRODUCER,
      attributes,
    });
    const inside = trace.setSpan(context.active(), span);
    try {
      const added = await context.with(inside, () => add(this.#traceparentOf(span)));
      const id = idOf(added);
      if (id !== undefined) span.setAttribute(NAMES.messageId, id);
      return added;
    } catch (error) {
      this.#fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** Makes the run of a job, or of a batch of them, a span. Call only while it `isOn`. */
  processing(runs: readonly TracedRun[], isBatch: boolean): RunSpan {
    const { SpanKind, trace, ROOT_CONTEXT } = this.#api as Api;
    const [first] = runs as readonly [TracedRun];
    const attributes = this.#attributes('process', first.queue);
    attributes[NAMES.job] = first.jobName;
    if (isBatch) attributes[NAMES.batchCount] = runs.length;
    else Object.assign(attributes, { [NAMES.messageId]: first.jobId, [NAMES.attempt]: first.attempt });
    const sent = placeOfTraceparent(first.record.trace);
    // A batch has many that added it: it is part of no one's trace.
    const isPart = sent !== undefined && !this.#links && !isBatch;
    const parent = isPart ? trace.setSpanContext(ROOT_CONTEXT, { ...sent, isRemote: true }) : ROOT_CONTEXT;
    const options = { kind: SpanKind.CONSUMER, attributes, links: runs.flatMap(linksOf) };
    const span = (this.#tracer as Tracer).startSpan(NAMES.process(first.queue), options, parent);
    return new RunSpan(this.#api as Api, span, this.#traceparentOf(span));
  }

  #attributes(operation: 'send' | 'process', queue: string): Attributes {
    return { [NAMES.system]: NAMES.bull, [NAMES.queue]: queue, [NAMES.operation]: operation };
  }

  #traceparentOf(span: Span): string | undefined {
    const place = span.spanContext();
    return (this.#api as Api).isSpanContextValid(place) ? traceparentOf(place) : undefined;
  }

  /** Which error it was; its text may quote what was added. */
  #fail(span: Span, thrown: unknown): void {
    const error = toError(thrown);
    const type = error instanceof MessageQueueError ? error.code : error.name;
    span.setAttribute(NAMES.errorType, type);
    span.setStatus({ code: (this.#api as Api).SpanStatusCode.ERROR, message: type });
  }
}

/** To what added the job, and to the attempt before. */
function linksOf({ record }: TracedRun): Link[] {
  return [record.trace, record.lastTrace].flatMap((traceparent) => {
    const place = placeOfTraceparent(traceparent);
    return place === undefined ? [] : [{ context: { ...place, isRemote: true } }];
  });
}

function loadedApi(): Api | null {
  try {
    return loadOptionalPackage<Api>('@opentelemetry/api', 'traces');
  } catch {
    return null;
  }
}

/** Whether spans would be more than placeholders. */
function hasProvider({ trace, ProxyTracerProvider }: Api): boolean {
  const provider = trace.getTracerProvider();
  if (!(provider instanceof ProxyTracerProvider)) return true;
  return provider.getDelegate() !== new ProxyTracerProvider().getDelegate();
}
