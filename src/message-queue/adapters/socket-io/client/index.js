// Runs in browsers as it is: no imports, no build step. Its types and promises are in index.d.ts.

const MESSAGE = 'message';
const STATUS = 'message_status';
const NOTIFICATION = 'notification';
const RECALLED = 'message-recalled';
const CONFIRM = 'message_confirm';

export class MessageClient {
  #socket;
  #options;
  #seen = new Set();
  #notified = new Set();
  #read = new Set();
  #recalled = new Set();
  /** Confirmations by message and status, in the order in which they happened. */
  #outbox = new Map();
  #inFlight = new Set();
  #listeners;
  #retry = null;
  #closed = false;

  constructor(socket, options) {
    this.#socket = socket;
    this.#options = { rememberedIds: 5000, replyTimeoutMs: 5000, onError: console.error, ...options };
    this.#listeners = {
      [MESSAGE]: (message, acknowledge) => this.#receive(message, acknowledge),
      [STATUS]: (status) => this.#options.onStatus?.(status),
      [NOTIFICATION]: (notification, acknowledge) => this.#notify(notification, acknowledge),
      [RECALLED]: (recall, acknowledge) => this.#recall(recall, acknowledge),
      connect: () => {
        this.#options.onConnection?.(true);
        this.#flush();
      },
      disconnect: () => this.#options.onConnection?.(false),
    };
    for (const [event, listener] of Object.entries(this.#listeners)) socket.on(event, listener);
    if (socket.connected) this.#listeners.connect();
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
    clearTimeout(this.#retry);
    for (const [event, listener] of Object.entries(this.#listeners)) this.#socket.off(event, listener);
  }

  #receive(message, acknowledge) {
    // It was on its way while it was recalled.
    if (this.#recalled.has(message.messageId)) return acknowledge?.();
    if (!this.#seen.has(message.messageId)) {
      try {
        this.#options.onMessage(message);
      } catch (error) {
        // Neither remembered nor acknowledged: what the page could not take must come again.
        this.#options.onError(error);
        return;
      }
      remember(this.#seen, message.messageId, this.#options.rememberedIds);
    }
    acknowledge?.();
    // A repeat too: the server sends one only when it has not heard of the first.
    this.#confirm(message.messageId, 'delivered');
  }

  #notify(notification, acknowledge) {
    // First of all: the inbox has it, whatever the page makes of it.
    acknowledge?.();
    const { notificationId } = notification;
    if (this.#notified.has(notificationId)) return;
    remember(this.#notified, notificationId, this.#options.rememberedIds);
    this.#options.onNotification?.(notification);
  }

  #recall(recall, acknowledge) {
    const { messageId } = recall;
    if (!this.#recalled.has(messageId)) {
      try {
        this.#options.onRecall?.(recall);
      } catch (error) {
        // Not acknowledged: a page that goes on showing the message must be told again.
        this.#options.onError(error);
        return;
      }
      remember(this.#recalled, messageId, this.#options.rememberedIds);
    }
    // Nothing can be confirmed of it any more.
    for (const status of ['delivered', 'read']) this.#outbox.delete(`${status} ${messageId}`);
    acknowledge?.();
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
