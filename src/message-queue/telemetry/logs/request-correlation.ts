import type { IncomingHttpHeaders } from 'node:http';

/** What a log can show, and a job keeps. */
const CORRELATION_ID = /^[!-~]{1,200}$/;
/** W3C Trace Context: version, trace, parent, flags. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}/;

/**
 * The id by which what a request leads to is found again: that of its `x-correlation-id`, else the trace of its `traceparent`; undefined where it
 * has neither, or one that is none.
 */
export function correlationOfRequest(headers: IncomingHttpHeaders): string | undefined {
  const { 'x-correlation-id': given, traceparent } = headers;
  if (typeof given === 'string' && CORRELATION_ID.test(given)) return given;
  return typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}
