// Runs in browsers as it is: no imports, no build step. Its types and promises are in index.d.ts.

const MESSAGE = 'message';
const OWN_MESSAGE = 'own_message';
const STATUS = 'message_status';
const READ = 'message_read';
const NOTIFICATION = 'notification';
const RECALLED = 'message-recalled';
const FEED = 'device_feed';
const SYNC = 'device_sync';
const CONFIRM = 'message_confirm';

/** What stands in the feed of this user, in the order of its positions. */
const IN_FEED = [MESSAGE, OWN_MESSAGE, STATUS, READ, RECALLED];
/** Events that are shown whenever they come, since their ids tell repeats; of the others only the latest counts. */
const TOLD_BY_ID = new Set([MESSAGE, OWN_MESSAGE]);
/** Two servers may tell in another order than they noted; longer than that is a gap. */
const GAP_MS = 300;
const MOST_HELD = 1000;
/** How often a page may refuse the same message before what comes after it goes on. */
const MOST_REFUSALS = 5;
const DEVICE_KEY = 'message-client:device';
const DEVICE_ID = /^[\w.-]{1,64}$/;

export class MessageClient {
  #socket;
  #options;
  #deviceId;
  /** Up to where this device has everything; null: the server has not said where it stands. */
  #position = null;
  #isSyncing = false;
  /** Whether the server gives devices what they missed, so that what is new waits for it. */
  #isOffered = false;
  /** Counts connections: what was asked on an earlier one is not answered any more. */
  #connection = 0;
  /** Events that came before what comes before them. */
  #held = [];
  #refusals = new Map();
  #seen = new Set();
  #own = new Set();
  #notified = new Set();
  #read = new Set();
  #recalled = new Set();
  /** Confirmations by message and status, in the order in which they happened. */
  #outbox = new Map();
  #inFlight = new Set();
  #listeners;
  #retry = null;
  #syncLater = null;
  #closed = false;

  constructor(socket, options) {
    this.#socket = socket;
    this.#options = { rememberedIds: 5000, replyTimeoutMs: 5000, onError: console.error, ...options };
    this.#deviceId = options.deviceId ?? keptId(options.storage);
    if (!DEVICE_ID.test(this.#deviceId)) {
      throw new TypeError('deviceId must be 1 to 64 letters, digits, dots, hyphens and underscores.');
    }
    this.#listeners = {
      [NOTIFICATION]: (notification, acknowledge) => this.#notify(notification, acknowledge),
      [FEED]: () => {
        this.#isOffered = true;
        void this.#sync();
      },
      connect: () => {
        this.#options.onConnection?.(true);
        this.#flush();
      },
      disconnect: () => {
        this.#disconnected();
        this.#options.onConnection?.(false);
      },
    };
    for (const event of IN_FEED) {
      this.#listeners[event] = (payload, acknowledge) => this.#receive({ event, payload, acknowledge });
    }
    for (const [event, listener] of Object.entries(this.#listeners)) socket.on(event, listener);
    if (!socket.connected) return;
    this.#listeners.connect();
    // The server's offer, if it makes one, may have come before anybody listened.
    void this.#sync({ isOffered: false });
  }

  get deviceId() {
    return this.#deviceId;
  }

  markRead(messageId) {
    if (this.#read.has(messageId)) return;
    remember(this.#read, messageId, this.#options.rememberedIds);
    this.#confirm(messageId, 'read');
  }

  get unconfirmed() {
    return this.#outbox.size;
  }

  close() {
    this.#closed = true;
    this.#disconnected();
    clearTimeout(this.#retry);
    for (const [event, listener] of Object.entries(this.#listeners)) this.#socket.off(event, listener);
  }

  #disconnected() {
    this.#connection += 1;
    this.#isSyncing = false;
    this.#held = [];
    clearTimeout(this.#syncLater);
  }

  /** Something that came by itself: in its turn. What is held is not acknowledged, so the server knows. */
  #receive(item) {
    if ((this.#isSyncing && this.#isOffered) || this.#isAhead(item)) {
      if (this.#held.length < MOST_HELD) this.#held.push(item);
      if (!this.#isSyncing) this.#syncIn(GAP_MS);
      return;
    }
    this.#take(item);
    this.#release();
  }

  #isAhead({ payload: { position } }) {
    return position !== undefined && this.#position !== null && position > this.#position + 1;
  }

  /** What is held and has its turn now. */
  #release() {
    this.#held.sort((one, other) => (one.payload.position ?? 0) - (other.payload.position ?? 0));
    while (this.#held.length > 0 && !this.#isAhead(this.#held[0])) {
      this.#take(this.#held.shift());
    }
    if (this.#held.length > 0) this.#syncIn(GAP_MS);
    else clearTimeout(this.#syncLater);
  }

  #take({ event, payload, acknowledge }) {
    const { position } = payload;
    const isOld = position !== undefined && this.#position !== null && position <= this.#position;
    if ((!isOld || TOLD_BY_ID.has(event)) && !this.#show(event, payload)) {
      // What the page could not take must come again.
      if (position !== undefined) this.#syncIn(this.#options.replyTimeoutMs);
      return;
    }
    if (!isOld && position !== undefined && this.#position !== null) this.#position = position;
    this.#acknowledge(acknowledge);
  }

  #acknowledge(acknowledge) {
    if (this.#position === null) acknowledge?.();
    else acknowledge?.({ deviceId: this.#deviceId, position: this.#position });
  }

  /** @returns whether the page has taken it */
  #show(event, inFeed) {
    const payload = { ...inFeed };
    delete payload.position;
    if (event === MESSAGE) return this.#showMessage(payload);
    if (event === OWN_MESSAGE) return this.#showOnce(this.#own, payload, this.#options.onOwnMessage);
    if (event === RECALLED) return this.#recall(payload);
    if (event === READ) remember(this.#read, payload.messageId, this.#options.rememberedIds);
    const tell = event === READ ? this.#options.onRead : this.#options.onStatus;
    return this.#attempt(() => tell?.(payload));
  }

  #showMessage(message) {
    // It was on its way while it was recalled.
    if (this.#recalled.has(message.messageId)) return true;
    if (!this.#showOnce(this.#seen, message, this.#options.onMessage)) return false;
    // A repeat too: the server sends one only when it has not heard of the first.
    this.#confirm(message.messageId, 'delivered');
    return true;
  }

  #showOnce(shown, message, show) {
    const { messageId } = message;
    if (shown.has(messageId) || this.#recalled.has(messageId)) return true;
    if (!this.#attempt(() => show?.(message))) return false;
    remember(shown, messageId, this.#options.rememberedIds);
    return true;
  }

  #recall(recall) {
    const { messageId } = recall;
    if (!this.#recalled.has(messageId)) {
      // A page that goes on showing the message must be told again.
      if (!this.#attempt(() => this.#options.onRecall?.(recall))) return false;
      remember(this.#recalled, messageId, this.#options.rememberedIds);
    }
    // Nothing can be confirmed of it any more.
    for (const status of ['delivered', 'read']) this.#outbox.delete(`${status} ${messageId}`);
    return true;
  }

  #attempt(action) {
    try {
      action();
      return true;
    } catch (error) {
      this.#options.onError(error);
      return false;
    }
  }

  #notify(notification, acknowledge) {
    // First of all: the inbox has it, whatever the page makes of it.
    acknowledge?.();
    const { notificationId } = notification;
    if (this.#notified.has(notificationId)) return;
    remember(this.#notified, notificationId, this.#options.rememberedIds);
    this.#options.onNotification?.(notification);
  }

  #syncIn(milliseconds) {
    clearTimeout(this.#syncLater);
    this.#syncLater = setTimeout(() => void this.#sync(), milliseconds);
  }

  /** Says which device this is and what it has, and takes what it missed, page by page, until nothing is left. */
  async #sync({ isOffered = true } = {}) {
    if (this.#isSyncing || this.#closed || !this.#socket.connected) return;
    clearTimeout(this.#syncLater);
    this.#isSyncing = true;
    const connection = this.#connection;
    let waitMs = null;
    for (let isOver = false; !isOver && waitMs === null;) {
      const reply = await this.#ask();
      if (connection !== this.#connection) return;
      if (reply?.ok !== true) {
        // No answer: the server is in trouble, or does not know yet whose socket this is. A refusal is for good.
        if (reply?.ok !== false && isOffered) waitMs = this.#options.replyTimeoutMs;
        break;
      }
      this.#isOffered = true;
      this.#position = reply.from;
      if (!this.#takeAll(reply.items)) waitMs = this.#options.replyTimeoutMs;
      else this.#position = reply.position;
      isOver = reply.items.length === 0 && !reply.hasMore;
    }
    this.#isSyncing = false;
    this.#release();
    if (waitMs !== null) this.#syncIn(waitMs);
  }

  /** @returns whether the page has taken all of them; else the position says how far it came */
  #takeAll(items) {
    for (const [index, { event, payload }] of items.entries()) {
      const key = `${event} ${payload.messageId}`;
      if (!this.#show(event, payload) && !this.#givesUp(key)) return false;
      this.#refusals.delete(key);
      // A message and its statuses stand in one place.
      if (items[index + 1]?.payload.position !== payload.position) this.#position = payload.position;
    }
    return true;
  }

  /** One message that a page never takes must not keep all others from it. */
  #givesUp(key) {
    const refusals = (this.#refusals.get(key) ?? 0) + 1;
    this.#refusals.set(key, refusals);
    return refusals >= MOST_REFUSALS;
  }

  /** @returns the server's answer; undefined when there is none in time */
  #ask() {
    const request = {
      deviceId: this.#deviceId,
      ...(this.#position !== null && { position: this.#position }),
    };
    return new Promise((resolve) => {
      this.#socket
        .timeout(this.#options.replyTimeoutMs)
        .emit(SYNC, request, (error, reply) => resolve(error ? undefined : reply));
    });
  }

  #confirm(messageId, status) {
    const key = `${status} ${messageId}`;
    if (this.#outbox.has(key)) return;
    this.#outbox.set(key, { messageId, status, occurredAt: new Date().toISOString() });
    this.#flush();
  }

  #flush() {
    if (!this.#socket.connected || this.#closed) return;
    for (const [key, confirmation] of this.#outbox) {
      if (this.#inFlight.has(key)) continue;
      this.#inFlight.add(key);
      this.#socket
        .timeout(this.#options.replyTimeoutMs)
        .emit(CONFIRM, confirmation, (error, reply) => this.#replied(key, error, reply));
    }
  }

  #replied(key, error, reply) {
    this.#inFlight.delete(key);
    // An answer without `ok` did not come from our handler: the server was in trouble and may recover in a moment.
    if (!error && typeof reply?.ok === 'boolean') this.#outbox.delete(key);
    else if (!this.#closed) {
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#flush(), this.#options.replyTimeoutMs);
    }
  }
}

/** Adds to a set that forgets its oldest entries. */
function remember(set, value, limit) {
  set.add(value);
  if (set.size > limit) set.delete(set.values().next().value);
}

/** The id that a storage keeps, or a new one. */
function keptId(storage) {
  const kept = storage?.getItem(DEVICE_KEY);
  if (typeof kept === 'string' && DEVICE_ID.test(kept)) return kept;
  // Not `crypto.randomUUID()`: browsers have that only under https and on localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  storage?.setItem(DEVICE_KEY, id);
  return id;
}
