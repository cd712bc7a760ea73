import { io } from '/socket.io/socket.io.esm.min.js';
import { MessageClient } from '/assets/message-client.js';
import { callApi, clockTime, element, nameOf } from '/assets/elements.js';

const CONVERSATION = 'c1';
const HISTORY = 50;
const KEPT_STATUSES = 500;

const TICKS = {
  pending: ['○', 'waits for the recipient'],
  sent: ['✓', 'sent'],
  delivered: ['✓✓', 'delivered'],
  read: ['✓✓', 'read'],
  failed: ['!', 'could not be delivered'],
};
const RANK = { pending: 0, failed: 1, sent: 1, delivered: 2, read: 3 };

/** One user's side of the conversation, with a socket of its own. */
export class ConversationPane {
  #user;
  #peer;
  #bubbles = new Map();
  /** Statuses may be faster than the answer to the message that they are about. */
  #statuses = new Map();
  #log;
  #presence;
  #input;
  #socket;
  #client;
  #seen;

  constructor(root) {
    this.#user = root.dataset.user;
    this.#peer = root.dataset.peer;
    this.#build(root);
    this.#seen = new IntersectionObserver((entries) => this.#noteSeen(entries), { root: this.#log });
    document.addEventListener('visibilitychange', () => this.#lookAgain());
    this.#socket = io({ auth: { userId: this.#user }, forceNew: true });
    this.#client = new MessageClient(this.#socket, {
      onMessage: (message) => this.#show(message),
      onStatus: ({ messageId, recipientId, status }) => {
        if (recipientId === this.#peer) this.#setStatus(messageId, status);
      },
      onConnection: (isConnected) => this.#connected(isConnected),
    });
  }

  /** Scrolls to a message and marks it for a moment. @returns whether it is here */
  reveal(messageId) {
    const bubble = this.#bubbles.get(messageId);
    if (!bubble) return false;
    bubble.scrollIntoView({ block: 'center' });
    bubble.classList.remove('revealed');
    // Reading the layout in between makes the animation start again.
    void bubble.offsetWidth;
    bubble.classList.add('revealed');
    return true;
  }

  #build(root) {
    const name = nameOf(this.#user);
    this.#presence = element('button', { type: 'button', class: 'presence', 'aria-pressed': 'false' });
    this.#presence.addEventListener('click', () =>
      this.#socket.active ? this.#socket.disconnect() : this.#socket.connect(),
    );
    this.#log = element('ol', {
      class: 'log',
      role: 'log',
      'aria-label': `Messages of ${name}`,
      tabindex: '0',
    });
    this.#input = element('input', {
      placeholder: `Write to ${nameOf(this.#peer)}`,
      'aria-label': `Message from ${name}`,
      autocomplete: 'off',
      maxlength: '2000',
    });
    const form = element('form', {}, this.#input, element('button', { text: 'Send' }));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
    const avatar = element('span', { class: 'avatar', text: name.charAt(0), 'aria-hidden': 'true' });
    const head = element(
      'div',
      { class: 'pane-head' },
      avatar,
      element('h2', { text: name }),
      this.#presence,
    );
    root.append(head, this.#log, form);
    this.#connected(false);
  }

  async #send() {
    const content = this.#input.value.trim();
    if (content === '') return;
    this.#input.value = '';
    try {
      const { messageId } = await callApi('/api/messages', {
        ...{ senderId: this.#user, recipientId: this.#peer, conversationId: CONVERSATION, content },
      });
      this.#show({
        ...{ messageId, senderId: this.#user, conversationId: CONVERSATION, content },
        createdAt: new Date().toISOString(),
      });
    } catch (error) {
      this.#input.value = content;
      this.#log.append(element('li', { class: 'notice', text: `Not sent: ${error.message}` }));
    }
  }

  /** What was said before, and what became of it while this side was away. */
  async #loadHistory() {
    const { items } = await callApi(`/api/conversations/${CONVERSATION}/messages?limit=${HISTORY}`);
    for (const message of [...items].reverse()) {
      if (message.senderId === this.#user) {
        this.#show(message);
        for (const { status } of message.recipients) this.#setStatus(message.messageId, status);
      } else {
        const mine = message.recipients.find(({ recipientId }) => recipientId === this.#user);
        // What is pending comes over the socket, and is confirmed there.
        if (mine && mine.status !== 'pending') this.#show(message, mine.status === 'read');
      }
    }
  }

  #show(message, isRead = false) {
    const { messageId, senderId, createdAt } = message;
    if (this.#bubbles.has(messageId)) return;
    const isOwn = senderId === this.#user;
    const isAnnouncement = message.conversationId !== CONVERSATION;
    const kind = isAnnouncement ? 'announcement' : isOwn ? 'own' : 'other';
    const bubble = element('li', { class: `bubble ${kind}`, 'data-id': messageId, 'data-at': createdAt });
    if (isAnnouncement) bubble.append(element('strong', { text: 'Announcement' }));
    const content = message.encrypted ? 'A sealed message' : message.content;
    const meta = element('span', { class: 'meta' }, element('time', { text: clockTime(createdAt) }));
    if (isOwn) meta.append(element('span', { class: 'ticks' }));
    bubble.append(element('p', { text: content }), meta);
    this.#bubbles.set(messageId, bubble);
    this.#insert(bubble, createdAt);
    if (isOwn) this.#setStatus(messageId, this.#statuses.get(messageId) ?? 'pending');
    else if (!isRead) this.#seen.observe(bubble);
  }

  #insert(bubble, createdAt) {
    const later = [...this.#log.querySelectorAll('.bubble')].find((other) => other.dataset.at > createdAt);
    this.#log.insertBefore(bubble, later ?? null);
    if (!later) this.#log.scrollTop = this.#log.scrollHeight;
  }

  #setStatus(messageId, status) {
    const known = this.#statuses.get(messageId);
    const next = known !== undefined && RANK[known] > RANK[status] ? known : status;
    this.#statuses.delete(messageId);
    this.#statuses.set(messageId, next);
    if (this.#statuses.size > KEPT_STATUSES) this.#statuses.delete(this.#statuses.keys().next().value);
    const ticks = this.#bubbles.get(messageId)?.querySelector('.ticks');
    if (!ticks) return;
    const [sign, meaning] = TICKS[next];
    ticks.textContent = sign;
    ticks.className = `ticks ${next}`;
    ticks.title = meaning;
    ticks.setAttribute('aria-label', meaning);
  }

  #noteSeen(entries) {
    if (document.visibilityState !== 'visible') return;
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      this.#seen.unobserve(target);
      target.dataset.seen = 'true';
      this.#client.markRead(target.dataset.id);
    }
  }

  /** The observer speaks up only when something moves; a page that comes back to the front asks it again. */
  #lookAgain() {
    for (const bubble of this.#log.querySelectorAll('.bubble:not(.own):not([data-seen])')) {
      this.#seen.unobserve(bubble);
      this.#seen.observe(bubble);
    }
  }

  #connected(isConnected) {
    this.#presence.textContent = isConnected ? 'Online' : 'Offline';
    this.#presence.title = isConnected ? 'Go offline: messages wait' : 'Go online: what has waited arrives';
    this.#presence.classList.toggle('online', isConnected);
    this.#presence.setAttribute('aria-pressed', String(isConnected));
    if (isConnected) this.#loadHistory().catch(() => undefined);
  }
}
