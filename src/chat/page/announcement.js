import { callApi } from '/assets/api.js';
import { pause } from '/assets/elements.js';

const ASK_EVERY_MS = 250;
const TRY_AGAIN_MS = 2_000;
/** How often to ask on after the end: the last messages are still on their way. */
const ROUNDS_AFTER_THE_END = 20;
const WORDS = {
  queued: 'Queued',
  sending: 'Being sent',
  done: 'Sent to everyone',
  cancelled: 'Cancelled',
  failed: 'Failed',
};

/** Sends announcements of one person, shows how far the latest one is, and cancels it. */
export function startAnnouncements(sender) {
  document.getElementById('announcements').hidden = false;
  const form = document.getElementById('announcement-form');
  const text = document.getElementById('announcement-text');
  const problem = document.getElementById('announcement-problem');
  const progress = new AnnouncementProgress(sender);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const content = text.value.trim();
    if (content === '') return;
    problem.textContent = '';
    try {
      const body = { content };
      const { batchId } = await callApi('/api/announcements', { method: 'POST', body, as: sender });
      text.value = '';
      void progress.follow(batchId);
    } catch (error) {
      problem.textContent = `Not announced: ${error.message}`;
    }
  });
  void progress.followLatest();
}

class AnnouncementProgress {
  #panel = document.getElementById('announcement');
  #bar = document.getElementById('announcement-progress');
  #state = document.getElementById('announcement-state');
  #counts = document.getElementById('announcement-counts');
  #cancel = document.getElementById('announcement-cancel');
  #batchId = null;

  constructor(sender) {
    this.#cancel.addEventListener('click', () => {
      this.#cancel.disabled = true;
      // One that has ended meanwhile shows as ended anyway.
      callApi(`/api/announcements/${this.#batchId}`, { method: 'DELETE', as: sender }).catch(() => undefined);
    });
  }

  /** What was announced last, also by another page. */
  async followLatest() {
    const { items } = await callApi('/api/conversations/announcements/messages?limit=1').catch(() => ({
      items: [],
    }));
    if (items[0] && this.#batchId === null) await this.follow(items[0].messageId);
  }

  async follow(batchId) {
    this.#batchId = batchId;
    this.#cancel.disabled = false;
    let roundsLeft = ROUNDS_AFTER_THE_END;
    while (this.#batchId === batchId && roundsLeft > 0) {
      try {
        const progress = await callApi(`/api/announcements/${batchId}`);
        if (this.#batchId === batchId && this.#show(progress)) roundsLeft -= 1;
        await pause(ASK_EVERY_MS);
      } catch (error) {
        if (!error.isPassing) return;
        await pause(TRY_AGAIN_MS);
      }
    }
  }

  /** @returns whether it has ended */
  #show({ state, percentage, recipients, queued, delivered, read }) {
    const hasEnded = state !== 'queued' && state !== 'sending';
    // Said again it would be read out again.
    if (this.#state.textContent !== WORDS[state]) this.#state.textContent = WORDS[state];
    this.#bar.value = percentage;
    this.#counts.textContent =
      recipients === 0
        ? 'Nothing handed on yet'
        : `${percentage} %: ${queued} of ${recipients} handed on, ${delivered + read} arrived, ${read} read`;
    this.#cancel.hidden = hasEnded;
    this.#panel.hidden = false;
    return hasEnded;
  }
}
