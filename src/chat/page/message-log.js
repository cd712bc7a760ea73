import { element, nameOf, timeElement } from '/assets/elements.js';

/** Each status with its sign, its word and its rank: a status of a lower rank came late and changes nothing. */
const STATUSES = {
  unsent: ['…', 'waits here', 0],
  pending: ['○', 'waits for the recipient', 1],
  failed: ['!', 'could not be delivered', 2],
  refused: ['!', 'not sent', 2],
  sent: ['✓', 'sent', 2],
  delivered: ['✓✓', 'delivered', 3],
  read: ['✓✓', 'read', 4],
  recalled: ['', '', 5],
};

/** After everything that has a time of the server's. */
const LAST = '9999';
const NEAR_THE_END_PX = 80;
const RECALL = 'Recall';
const ASK_AGAIN = 'Recall for everyone?';

/** The messages that one user sees, oldest first, whatever the order in which they come. */
export class MessageLog {
  root;
  #list = element('ol');
  #earlier = element('button', { type: 'button', class: 'quiet', text: 'Earlier messages', hidden: '' });
  #newer = element('button', { type: 'button', class: 'quiet newer', text: 'New messages', hidden: '' });
  #bubbles = new Map();
  /** Statuses may be faster than the message that they are about. */
  #early = new Map();
  #seen;
  #onSeen;
  #onRecall;

  /** @param options `label`; `onSeen(messageId)`: the user has a message before their eyes; `onEarlier()`: asks for older ones;
   *   `onRecall(messageId)`: the user takes one of their own back. Rejects with why it did not work */
  constructor({ label, onSeen, onEarlier, onRecall }) {
    const attributes = {
      ...{ class: 'log', role: 'log', 'aria-label': label, tabindex: '0' },
      'aria-description': 'Enter leads to your messages, to recall one; the arrow keys to the others.',
    };
    this.root = element('div', attributes, this.#earlier, this.#list, this.#newer);
    this.#earlier.addEventListener('click', onEarlier);
    this.#newer.addEventListener('click', () => this.#toEnd());
    this.root.addEventListener('scroll', () => (this.#newer.hidden ||= this.#isAtEnd));
    this.root.addEventListener('keydown', (event) => this.#leadToRecall(event));
    this.#onSeen = onSeen;
    this.#onRecall = onRecall;
    this.#seen = new IntersectionObserver((entries) => this.#noteSeen(entries), { root: this.root });
    document.addEventListener('visibilitychange', () => this.#lookAgain());
  }

  /** While it is filled from the server nothing is read out. */
  set isLoading(isLoading) {
    this.root.setAttribute('aria-busy', String(isLoading));
  }

  /** Whether there is more to ask for. */
  set hasEarlier(hasEarlier) {
    this.#earlier.hidden = !hasEarlier;
  }

  /** Shows older messages above, and keeps what is in view where it is. */
  above(show) {
    const fromEnd = this.root.scrollHeight - this.root.scrollTop;
    show();
    this.root.scrollTop = this.root.scrollHeight - fromEnd;
  }

  has(key) {
    return this.#bubbles.has(key);
  }

  /**
   * Shows a message once, however often it comes.
   * @param message `key`: what search and statuses call it; `messageId`: what a confirmation calls it; `kind`: own, other or
   *   announcement;
   *   `with`: who else it is about, in words, or null; `createdAt`: null until the server has accepted it; `isRead`: the user has seen it before
   */
  show({ key, messageId, senderId, kind, with: third, isSealed, content, createdAt, isRead }) {
    if (this.has(key)) return;
    const bubble = element('li', { class: `bubble ${kind}`, 'data-id': messageId, tabindex: '-1' });
    if (kind === 'announcement') bubble.append(element('strong', { text: 'Announcement' }));
    else if (third) bubble.append(element('span', { class: 'third', text: third }));
    else bubble.append(element('span', { class: 'for-readers', text: `${nameOf(senderId)}: ` }));
    if (isSealed) bubble.classList.add('sealed');
    const meta = element('span', { class: 'meta' }, timeElement(createdAt ?? new Date().toISOString()));
    if (kind === 'own') meta.append(element('span', { class: 'ticks' }), ...this.#recallParts(messageId));
    bubble.append(element('p', { dir: 'auto', text: content }), meta);
    this.#bubbles.set(key, bubble);
    this.#insert(bubble, createdAt ?? LAST, kind === 'own');
    if (kind === 'own') this.setStatus(key, createdAt === null ? 'unsent' : 'pending');
    else if (!isRead) this.#seen.observe(bubble);
    const early = this.#early.get(key);
    if (early) this.setStatus(key, early);
    this.#early.delete(key);
  }

  /** The server has accepted a message: it gets its place among the others. */
  accepted(key, createdAt) {
    const bubble = this.#bubbles.get(key);
    if (bubble?.dataset.at !== LAST) return;
    bubble.querySelector('time').replaceWith(timeElement(createdAt));
    this.#insert(bubble, createdAt, true);
    this.setStatus(key, 'pending');
  }

  /** Moves the ticks of one of the user's own messages forward. */
  setStatus(key, status, reason) {
    const bubble = this.#bubbles.get(key);
    const [sign, word, rank] = STATUSES[status];
    const known = bubble ? bubble.dataset.status : this.#early.get(key);
    if (known && STATUSES[known][2] >= rank) return;
    if (!bubble) this.#early.set(key, status);
    else {
      bubble.dataset.status = status;
      const ticks = bubble.querySelector('.ticks');
      ticks.className = `ticks ${status}`;
      ticks.replaceChildren(element('span', { 'aria-hidden': 'true', text: sign }), ` ${reason ?? word}`);
    }
  }

  /** The user has read a message elsewhere. @param messageId what a confirmation calls it */
  setSeen(messageId) {
    const bubble = this.#list.querySelector(`[data-id="${CSS.escape(messageId)}"]`);
    if (!bubble || bubble.classList.contains('own')) return;
    this.#seen.unobserve(bubble);
    bubble.dataset.seen = 'true';
  }

  /** A message was recalled: what it said is gone. */
  recall(key) {
    const bubble = this.#bubbles.get(key);
    if (!bubble) return;
    this.#seen.unobserve(bubble);
    bubble.classList.remove('sealed');
    bubble.classList.add('recalled');
    bubble.querySelector('p').textContent = 'Message recalled';
    for (const part of bubble.querySelectorAll('.recall, .problem')) part.remove();
    if (bubble.classList.contains('own')) this.setStatus(key, 'recalled');
  }

  /** Scrolls to a message and marks it for a moment. */
  reveal(key, { isFocused }) {
    const bubble = this.#bubbles.get(key);
    bubble.scrollIntoView({ block: 'center' });
    if (isFocused) bubble.focus({ preventScroll: true });
    bubble.classList.remove('revealed');
    // Reading the layout in between makes the animation start again.
    void bubble.offsetWidth;
    bubble.classList.add('revealed');
  }

  /** The button, and where it is said why a recall did not work. */
  #recallParts(messageId) {
    // Not one stop of the Tab key for each message.
    const button = element('button', { type: 'button', class: 'recall', text: RECALL, tabindex: '-1' });
    const problem = element('span', { class: 'problem' });
    button.addEventListener('click', () => {
      // Nobody can undo it: the first click only asks.
      if (button.textContent === RECALL) {
        button.textContent = ASK_AGAIN;
        return;
      }
      button.disabled = true;
      problem.textContent = '';
      this.#onRecall(messageId).catch((error) => {
        button.disabled = false;
        button.textContent = RECALL;
        problem.textContent = `Not recalled: ${error.message}`;
      });
    });
    button.addEventListener('blur', () => (button.textContent = RECALL));
    return [button, problem];
  }

  #leadToRecall(event) {
    const { key, target } = event;
    const buttons = [...this.#list.querySelectorAll('.recall')].filter((button) => button.checkVisibility());
    const at = buttons.indexOf(target);
    let next;
    if (target === this.root && key === 'Enter') next = buttons.at(-1);
    else if (at < 0) return;
    else if (key === 'ArrowUp') next = buttons[at - 1];
    else if (key === 'ArrowDown') next = buttons[at + 1];
    else if (key === 'Escape') next = this.root;
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  #insert(bubble, at, isWanted) {
    const isAtEnd = this.#isAtEnd;
    bubble.dataset.at = at;
    // Most are the newest: look from the end.
    let before = this.#list.lastElementChild;
    while (before && (before === bubble || before.dataset.at > at)) before = before.previousElementSibling;
    if (before) before.after(bubble);
    else this.#list.prepend(bubble);
    const isLast = this.#list.lastElementChild === bubble;
    if (isAtEnd || (isLast && isWanted)) this.#toEnd();
    else if (isLast) this.#newer.hidden = false;
  }

  /** Puts something after the last message that is none, and keeps it in view when it grows. @returns what to call then */
  atEnd(...parts) {
    this.#list.after(...parts);
    return () => {
      if (this.#isAtEnd) this.#toEnd();
    };
  }

  get #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.root;
    return scrollHeight - scrollTop - clientHeight < NEAR_THE_END_PX;
  }

  #toEnd() {
    this.root.scrollTop = this.root.scrollHeight;
    this.#newer.hidden = true;
  }

  #noteSeen(entries) {
    if (document.visibilityState !== 'visible') return;
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.#seen.unobserve(target);
      target.dataset.seen = 'true';
      this.#onSeen(target.dataset.id);
    }
  }

  /** The observer speaks up only when something moves; a page that comes back to the front asks it again. */
  #lookAgain() {
    for (const bubble of this.#list.querySelectorAll('.bubble:not(.own):not([data-seen])')) {
      this.#seen.unobserve(bubble);
      this.#seen.observe(bubble);
    }
  }
}
