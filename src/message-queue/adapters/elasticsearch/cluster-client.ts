import type { ResolvedElasticsearchOptions } from './elasticsearch.options.js';
import { SearchClusterError } from './search-cluster.error.js';

/** One request to the cluster. */
export interface ClusterRequest {
  /** Completes "could not …". */
  readonly what: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** From the cluster's root, escaped. */
  readonly path: string;
  /** JSON, or lines of JSON for a bulk. */
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** What the cluster answered. */
export interface ClusterAnswer {
  readonly status: number;
  /** Null when there was no JSON. */
  readonly body: unknown;
}

/**
 * HTTP to the cluster. Plain `fetch` and the part of the API that Elasticsearch 7 to 9 and OpenSearch share: Elastic's own client
 * refuses to talk to OpenSearch, and speaks a media type to its own servers that older ones and OpenSearch refuse.
 */
export class ClusterClient {
  constructor(private readonly options: ResolvedElasticsearchOptions) {}

  /**
   * @returns answers of any status
   * @throws SearchClusterError without an answer in time; the signal's reason when it aborts
   */
  async send({ what, method, path, body, contentType, signal }: ClusterRequest): Promise<ClusterAnswer> {
    const { url, headers, timeoutMs } = this.options;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await fetch(`${url}${path}`, {
        method,
        body,
        headers: { ...headers, ...(contentType !== undefined && { 'content-type': contentType }) },
        // Credentials go nowhere else.
        redirect: 'error',
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      return { status: answer.status, body: parsed(await answer.text()) };
    } catch (error) {
      signal?.throwIfAborted();
      if (timeout.aborted) throw new SearchClusterError(what, null, `no answer within ${timeoutMs} ms`);
      throw new SearchClusterError(what, null, networkCode(error));
    }
  }

  /** As {@link send}, for requests that have to succeed. @throws SearchClusterError for any status but 2xx too */
  async call(request: ClusterRequest): Promise<unknown> {
    const { status, body } = await this.send(request);
    if (status >= 200 && status < 300) return body;
    throw new SearchClusterError(request.what, status, kindOf(body));
  }
}

/** The kind of an error in an answer; its text is left out, it may quote documents. */
export function kindOf(body: unknown): string {
  const type = (body as { error?: { type?: unknown } } | null)?.error?.type;
  return typeof type === 'string' ? type : 'refused';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function networkCode(error: unknown): string {
  const { cause, code } = error as { readonly cause?: { readonly code?: unknown }; readonly code?: unknown };
  const found = cause?.code ?? code;
  return typeof found === 'string' ? found : 'no connection';
}
