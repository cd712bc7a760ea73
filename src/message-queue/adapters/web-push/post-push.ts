import type { IncomingHttpHeaders } from 'node:http';
import type { Agent } from 'node:https';
import { KeepingAgent } from '../shared/keeping-agent.js';
import { postOnce } from '../shared/post-once.js';

const MAX_ANSWER_BYTES = 16_384;

/** An answer; `text` is the beginning of its body, to be looked into and never quoted. */
export interface PushAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One POST to a push service. */
export interface PushRequest {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

/** An agent that keeps connections for the next push. */
export function keepingAgent(): Agent {
  return new KeepingAgent({ keepAlive: true, maxSockets: 50, timeout: 60_000 });
}

/** Sends it as postOnce does. @throws signal.reason, or the connection's error, when no status came */
export async function postPush({ endpoint, ...call }: PushRequest): Promise<PushAnswer> {
  const answer = await postOnce({ ...call, url: new URL(endpoint), maxBodyBytes: MAX_ANSWER_BYTES });
  return { status: answer.status, headers: answer.headers, text: answer.body.toString() };
}
