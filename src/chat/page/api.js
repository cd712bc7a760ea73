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

/** Asks the API. @throws ApiError */
export async function callApi(path, { method = 'GET', body } = {}) {
  const signal = AbortSignal.timeout(GIVE_UP_AFTER_MS);
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(path, {
    ...{ method, signal },
    ...(body && { headers, body: JSON.stringify(body) }),
  }).catch(() => {
    throw new ApiError(0, 'The server does not answer.');
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new ApiError(response.status, [answer.message ?? response.statusText].flat().join(', '));
}
