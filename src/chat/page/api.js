import { session } from '/assets/session.js';

const GIVE_UP_AFTER_MS = 10_000;

/** What the server said about a call that it refused; `status` is 0 when it said nothing. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** Whether the same call can succeed later. */
  get isPassing() {
    return this.status === 0 || this.status >= 500 || this.status === 429;
  }
}

/**
 * Asks the API.
 * @param options `as`: id of the one who asks; default: the first of those whom this browser is signed in as
 * @throws ApiError
 */
export async function callApi(path, { method = 'GET', body, as = session.people[0]?.id } = {}) {
  const isOver = () => response.status === 401 && session.people.length > 0;
  let response = await ask(path, method, body, as);
  if (isOver()) {
    await session.renew();
    response = await ask(path, method, body, as);
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new ApiError(response.status, [answer.message ?? response.statusText].flat().join(', '));
}

function ask(path, method, body, as) {
  const signal = AbortSignal.timeout(GIVE_UP_AFTER_MS);
  const headers = {
    ...(as !== undefined && { 'Chat-As': encodeURIComponent(as) }),
    ...(body && { 'Content-Type': 'application/json' }),
  };
  return fetch(path, { method, signal, headers, ...(body && { body: JSON.stringify(body) }) }).catch(() => {
    throw new ApiError(0, 'The server does not answer.');
  });
}
