/** What the REST routes answer, and what went wrong, in a sentence. */

const TIMEOUT_MS = 20_000;
const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';

/** Address of the REST routes; empty where they are left out. */
export const REST = meta('rest-address');
/** Address of the board; empty where there is none. */
export const BOARD = meta('board-address');

/** A question that was not answered as it was hoped. `status` 0: nobody answered. */
export class ApiError extends Error {
  constructor(status, message, { code = '', issues = [] } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.issues = issues;
  }
}

const SENTENCES = {
  401: 'You are not logged in any more. Reload the page to log in.',
  403: 'You may not do that.',
  404: 'There is no such thing, or there is not any more.',
  429: 'Too many requests: wait a moment.',
  503: 'The broker does not answer.',
};

async function ask(method, path, { query = {}, body, signal } = {}) {
  const given = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  const search = new URLSearchParams(given).toString();
  let response;
  try {
    response = await fetch(`${REST}${path}${search === '' ? '' : `?${search}`}`, {
      method,
      headers: {
        Accept: 'application/json',
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(
      0,
      error.name === 'TimeoutError' ? 'This app has not answered for 20 s.' : 'This app does not answer.',
    );
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const said = response.status === 401 ? undefined : answer?.detail;
  const message = said ?? SENTENCES[response.status] ?? `This app answered with ${response.status}.`;
  throw new ApiError(response.status, message, { code: answer?.code, issues: answer?.issues });
}

const part = encodeURIComponent;
const jobPath = (queue, id) => `/jobs/${part(queue)}/${part(id)}`;

/** Questions. */
export const read = {
  overview: (hours, signal) => ask('GET', '/overview', { query: { hours }, signal }),
  queue: (queue, signal) => ask('GET', `/queues/${part(queue)}`, { signal }),
  history: (queue, query, signal) => ask('GET', `/queues/${part(queue)}/history`, { query, signal }),
  jobs: (query, signal) => ask('GET', '/jobs', { query, signal }),
  job: (queue, id, signal) => ask('GET', jobPath(queue, id), { signal }),
  letters: (query, signal) => ask('GET', '/dead-letters', { query, signal }),
  groups: (query, signal) => ask('GET', '/dead-letters/groups', { query, signal }),
  schedules: (signal) => ask('GET', '/schedules', { signal }),
  workers: (signal) => ask('GET', '/workers', { signal }),
  alerts: (signal) => ask('GET', '/alerts', { signal }),
  audit: (query, signal) => ask('GET', '/audit', { query, signal }),
  events: (signal) => ask('GET', '/events', { signal }),
  operation: (id, signal) => ask('GET', `/operations/${part(id)}`, { signal }),
};

/** Changes. */
export const change = {
  pause: (queue) => ask('POST', `/queues/${part(queue)}/pause`, { body: {} }),
  resume: (queue) => ask('POST', `/queues/${part(queue)}/resume`, { body: {} }),
  purge: (queue, reason) => ask('DELETE', `/purge/${part(queue)}`, { body: { reason } }),
  cancel: (queue, id, reason) => ask('POST', `${jobPath(queue, id)}/cancel`, { body: { reason } }),
  retry: (queue, id) => ask('POST', `${jobPath(queue, id)}/retry`, { body: {} }),
  remove: (queue, id, reason) => ask('DELETE', jobPath(queue, id), { body: { reason } }),
  letters: (action, body) => ask('POST', `/dead-letters/${action}`, { body }),
  eventLetters: (action, body) => ask('POST', `/events/dead-letters/${action}`, { body }),
  abort: (id) => ask('DELETE', `/operations/${part(id)}`, {}),
  schedule: (id, action) => ask('POST', `/schedules/${part(id)}/${action}`, { body: {} }),
  mute: (id, minutes) => ask('POST', `/alerts/${part(id)}/mute`, { body: { minutes } }),
};
