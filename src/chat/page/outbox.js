import { callApi } from '/assets/api.js';
import { pause } from '/assets/elements.js';

const TRY_AGAIN_MS = 2_000;

/**
 * What one user has written and the server has not accepted yet: sent one after the other, so that the order holds, and again
 * when the server was away. Each message carries its own id, so one that arrived although its answer was lost is not sent twice.
 * Kept over reloads of the tab.
 */
export class Outbox {
  #user;
  #key;
  #options;
  #waiting;
  #isSending = false;

  /** @param key where it is kept over reloads; @param options `isOnline()`; `onAccepted(message, answer)`; `onRefused(message, reason)`: sending it again cannot help */
  constructor(user, key, options) {
    this.#user = user;
    this.#key = `outbox:${key}`;
    this.#options = options;
    this.#waiting = JSON.parse(sessionStorage.getItem(this.#key) ?? '[]');
  }

  /** What waits, oldest first. */
  get waiting() {
    return [...this.#waiting];
  }

  add(message) {
    this.#waiting.push(message);
    this.#keep();
    void this.flush();
  }

  /** Sends what waits, as long as the user is online. */
  async flush() {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#waiting.length > 0 && this.#options.isOnline()) await this.#sendFirst();
    this.#isSending = false;
  }

  async #sendFirst() {
    const [message] = this.#waiting;
    try {
      const answer = await callApi('/api/messages', {
        ...{ method: 'POST', body: message, as: this.#user },
      });
      this.#dropFirst();
      this.#options.onAccepted(message, answer);
    } catch (error) {
      if (error.isPassing) return pause(TRY_AGAIN_MS);
      this.#dropFirst();
      this.#options.onRefused(message, error.message);
    }
  }

  #dropFirst() {
    this.#waiting.shift();
    this.#keep();
  }

  #keep() {
    sessionStorage.setItem(this.#key, JSON.stringify(this.#waiting));
  }
}
