import { io } from '/socket.io/socket.io.esm.min.js';
import { AgentDraft } from '/assets/agent-draft.js';
import { callApi } from '/assets/api.js';
import { element, nameOf, pause } from '/assets/elements.js';
import { MessageClient } from '/assets/message-client.js';
import { MessageLog } from '/assets/message-log.js';
import { Outbox } from '/assets/outbox.js';
import { session } from '/assets/session.js';

const RELOAD_AFTER_MS = 2_000;
/** Whoever answers from a queue, and writes where one can see it. */
export const AGENT = 'guide';
const SHOWN = new Set(['sent', 'delivered', 'read']);
/** The copies of one announcement have a conversation of their own, of a name that no other conversation gets. */
const ANNOUNCEMENT = /^announcement-/;

/** How a pane is connected: what it says, and what its button does. */
const LINKS = {
  online: ['Online', 'Go offline'],
  offline: ['Offline', 'Go online'],
  connecting: ['Connecting…', 'Go offline'],
};

/** One user's side of the conversation, with a socket of its own. Tells `linkchange` events. */
export class ConversationPane extends EventTarget {
  #conversation;
  #history;
  #user;
  #peer;
  #log;
  #outbox;
  #socket;
  #client;
  /** What the agent is writing, where one talks with it. */
  #draft = null;
  #earlier;
  #state = element('span', { class: 'link', role: 'status' });
  #switch = element('button', { type: 'button', class: 'quiet' });

  /** @param side 0 or 1: which of the view's two people this is */
  constructor(root, view, side) {
    super();
    this.#conversation = view.conversation.id;
    this.#history = `/api/conversations/${encodeURIComponent(this.#conversation)}/messages?limit=100`;
    this.#user = view.sides[side];
    this.#peer = view.sides[1 - side];
    root.dataset.user = this.#user;
    root.dataset.peer = this.#peer;
    this.#log = new MessageLog({
      label: `Messages of ${nameOf(this.#user)}`,
      onSeen: (messageId) => this.#client.markRead(messageId),
      onEarlier: () => this.#loadEarlier().catch(() => undefined),
      onRecall: (messageId) => this.#recall(messageId),
    });
    this.#build(root, view.personChoice(side));
    this.#socket = io({
      ...{ auth: { as: encodeURIComponent(this.#user) }, transports: ['websocket'] },
      ...{ forceNew: true, reconnectionDelayMax: 2_000 },
    });
    if (this.#peer === AGENT) this.#followAgent();
    this.#outbox = new Outbox(this.#user, `${this.#conversation}:${this.#user}`, {
      isOnline: () => this.#socket.connected,
      onAccepted: ({ messageId }, { createdAt }) => this.#log.accepted(messageId, createdAt),
      onRefused: ({ messageId }, reason) => this.#log.setStatus(messageId, 'refused', `not sent: ${reason}`),
    });
    for (const message of this.#outbox.waiting) this.#showOwn(message);
    this.#listen();
  }

  get link() {
    if (this.#socket.connected) return 'online';
    return this.#socket.active ? 'connecting' : 'offline';
  }

  /** Shows where a message was said, loading older ones until it is there. @returns whether this side has it */
  async reveal(key, options) {
    while (!this.#log.has(key) && this.#earlier) await this.#loadEarlier();
    if (!this.#log.has(key)) return false;
    this.#log.reveal(key, options);
    return true;
  }

  #followAgent() {
    const draft = new AgentDraft(this.#socket, {
      ...{ agent: AGENT, conversation: this.#conversation },
      onGrown: () => isGrown(),
    });
    const isGrown = this.#log.atEnd(draft.root, draft.state);
    this.#draft = draft;
  }

  #build(root, people) {
    const name = nameOf(this.#user);
    root.setAttribute('aria-label', `${name}'s phone`);
    // Beside each other each side says whose it is; one alone says whom one talks with.
    const face = session.isMadeUp ? name : nameOf(this.#peer);
    const initial = face.charAt(0).toUpperCase();
    const avatar = element('span', { class: 'avatar', text: initial, 'aria-hidden': 'true' });
    const head = element('div', { class: 'pane-head' });
    const title = element('h2', people ? {} : { text: face }, ...(people ? [people] : []));
    head.append(avatar, title, this.#state, this.#switch);
    this.#switch.addEventListener('click', () => {
      if (this.#socket.active) this.#socket.disconnect();
      else this.#socket.connect();
      this.#linkChanged();
    });
    const input = element('input', {
      ...{ placeholder: `Write to ${nameOf(this.#peer)}`, 'aria-label': `Message from ${name}` },
      ...{ autocomplete: 'off', enterkeyhint: 'send', maxlength: '2000', dir: 'auto' },
    });
    const form = element('form', {}, input, element('button', { text: 'Send' }));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#write(input.value.trim());
      input.value = '';
      input.focus();
    });
    root.append(head, this.#log.root, form);
  }

  #listen() {
    this.#client = new MessageClient(this.#socket, {
      // Each tab is a device of its own, also after it was loaded again.
      storage: sessionStorage,
      onMessage: (message) => this.#show(message),
      // What this user has written, in another tab or here.
      onOwnMessage: (message) => {
        if (message.conversationId !== this.#conversation) return;
        this.#show({ ...message, recipientId: message.recipientIds[0] });
        this.#log.accepted(message.messageId, message.createdAt);
      },
      onRead: ({ messageId }) => this.#log.setSeen(messageId),
      onStatus: ({ messageId, conversationId, status }) => {
        if (conversationId === this.#conversation) this.#log.setStatus(messageId, status);
      },
      onRecall: ({ messageId }) => this.#log.recall(messageId),
      onConnection: () => this.#linkChanged(),
    });
    this.#socket.on('connect_error', () => {
      this.#linkChanged();
      if (!this.#socket.active) void this.#signInAgain();
    });
    // The session is over, 12 hours after the sign-in.
    this.#socket.on('disconnect', (reason) => {
      if (reason === 'io server disconnect') void this.#signInAgain();
    });
    this.#linkChanged();
  }

  /** The server no longer knows the session of this socket. */
  async #signInAgain() {
    await session.renew();
    await pause(RELOAD_AFTER_MS);
    this.#socket.connect();
  }

  #linkChanged() {
    const [state, action] = LINKS[this.link];
    this.#state.textContent = state;
    this.#state.dataset.link = this.link;
    this.#switch.textContent = action;
    this.dispatchEvent(new Event('linkchange'));
    if (this.link !== 'online') return;
    void this.#outbox.flush();
    void this.#loadNewest();
  }

  #write(content) {
    if (content === '') return;
    const message = {
      ...{ messageId: newId(), recipientId: this.#peer },
      ...{ conversationId: this.#conversation, content },
    };
    this.#showOwn(message);
    this.#outbox.add(message);
  }

  async #recall(messageId) {
    const path = `/api/messages/${encodeURIComponent(messageId)}`;
    await callApi(path, { method: 'DELETE', as: this.#user });
    this.#log.recall(messageId);
  }

  /** A message that is not sent yet. */
  #showOwn(message) {
    this.#show({ ...message, senderId: this.#user }, { createdAt: null });
  }

  /** What was said before, and what became of it while this side was away. */
  async #loadNewest() {
    this.#log.isLoading = true;
    try {
      const [conversation, announcements] = await Promise.all([
        this.#ask(this.#history).catch(emptyUnlessBegun),
        this.#ask('/api/announcements'),
      ]);
      this.#showStored([...announcements.items, ...conversation.items]);
      // After a reconnection older ones are there already.
      if (this.#earlier === undefined) this.#noteEarlier(conversation.nextCursor);
    } catch {
      setTimeout(() => this.link === 'online' && void this.#loadNewest(), RELOAD_AFTER_MS);
    } finally {
      this.#log.isLoading = false;
    }
  }

  async #loadEarlier() {
    const { items, nextCursor } = await this.#ask(
      `${this.#history}&cursor=${encodeURIComponent(this.#earlier)}`,
    );
    this.#log.above(() => this.#showStored(items));
    this.#noteEarlier(nextCursor);
  }

  #ask(path) {
    return callApi(path, { as: this.#user });
  }

  #noteEarlier(cursor) {
    this.#earlier = cursor;
    this.#log.hasEarlier = cursor !== null;
  }

  #showStored(messages) {
    const oldestFirst = messages.toSorted(
      (one, other) => Date.parse(one.createdAt) - Date.parse(other.createdAt),
    );
    for (const message of oldestFirst) {
      const isOwn = message.senderId === this.#user;
      const copy = message.recipients.find(({ recipientId }) => isOwn || recipientId === this.#user);
      // What is pending for this user comes over the socket, and is confirmed there.
      if (!isOwn && !SHOWN.has(copy?.status)) continue;
      this.#show({ ...message, recipientId: copy?.recipientId }, { isRead: copy?.status === 'read' });
      if (isOwn) this.#log.accepted(message.messageId, message.createdAt);
      if (isOwn && copy) this.#log.setStatus(message.messageId, copy.status);
    }
  }

  #show(message, { createdAt = message.createdAt, isRead = false } = {}) {
    const { messageId, senderId, recipientId, conversationId, encrypted } = message;
    const isAnnouncement = ANNOUNCEMENT.test(conversationId);
    // The socket brings what this user gets in every conversation.
    if (!isAnnouncement && conversationId !== this.#conversation) return;
    const isOwn = senderId === this.#user;
    if (senderId === AGENT) this.#draft?.answered(messageId);
    const third = isOwn ? recipientId !== this.#peer && recipientId : senderId !== this.#peer && senderId;
    this.#log.show({
      ...{ messageId, senderId, createdAt, isRead },
      // The copies of an announcement have ids of their own, and its name in common.
      key: isAnnouncement ? conversationId : messageId,
      kind: isAnnouncement ? 'announcement' : isOwn ? 'own' : 'other',
      with: third ? `${isOwn ? 'To' : 'From'} ${nameOf(third)}` : null,
      isSealed: encrypted,
      content: encrypted ? 'A sealed message' : message.content,
    });
  }
}

/** A conversation begins with its first message: before it, there is none to read. */
function emptyUnlessBegun(error) {
  if (error.status === 404) return { items: [], nextCursor: null };
  throw error;
}

/** Not `crypto.randomUUID()`: browsers have that only under https and on localhost. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `p_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
