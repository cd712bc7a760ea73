/** What a log can show, and a job keeps. */
const CORRELATION_ID = /^[!-~]{1,200}$/;
/** W3C Trace Context: version, trace, parent, flags. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}/;

/**
 * The id by which what a request leads to is found again: that of its `x-correlation-id`, else the trace of its `traceparent`; undefined where it
 * has neither, or one that is none.
 * @param header its header of a name
 */
export function correlationOfRequest(header: (name: string) => string | undefined): string | undefined {
  const given = header('x-correlation-id') ?? '';
  return CORRELATION_ID.test(given) ? given : TRACEPARENT.exec(header('traceparent') ?? '')?.[1];
}
