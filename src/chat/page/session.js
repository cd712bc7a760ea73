import { pause } from '/assets/elements.js';

const TRY_AGAIN_MS = 2_000;

/** Whoever this browser is signed in as. In development it plays several people, and says with each request whom. */
class Session {
  people = [];
  isMadeUp = false;

  /** Asks the server. @returns null, or why nobody is signed in: `{ code, message }` */
  async load() {
    for (;;) {
      const response = await fetch('/api/session').catch(() => null);
      const answer = await response?.json().catch(() => null);
      if (response?.status === 401) return answer;
      if (response?.ok && answer) {
        this.people = answer.people;
        this.isMadeUp = answer.isMadeUp;
        return null;
      }
      await pause(TRY_AGAIN_MS);
    }
  }

  /** When the server no longer knows who we are: signs in anew where that takes no password, else shows the form. */
  async renew() {
    if ((await this.load()) !== null) location.reload();
  }

  has(userId) {
    return this.people.some(({ id }) => id === userId);
  }

  /** The first of them with a right. */
  with(right) {
    return this.people.find(({ rights }) => rights.includes(right));
  }
}

export const session = new Session();
