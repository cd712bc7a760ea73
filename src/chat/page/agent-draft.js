import { element, nameOf } from '/assets/elements.js';

/** What follows from a job is called as that one, with a point and more behind it. */
const questionOf = (id) => id.split('.', 1)[0];

/**
 * What an agent is writing: that it thinks, then the pieces of its answer as they come. The answer itself comes as a message, on which
 * this one is gone. Events may come in any order, or not at all.
 */
export class AgentDraft {
  root = element('div', { class: 'bubble other draft', hidden: '', 'aria-hidden': 'true' });
  /** Said once; the pieces are not read out one by one. */
  state = element('span', { class: 'for-readers', role: 'status' });
  #agent;
  #conversation;
  #onGrown;
  #pieces = new Map();
  #messageId = null;
  #answered = new Set();

  /** @param onGrown called after more is shown */
  constructor(socket, { agent, conversation, onGrown }) {
    this.#agent = agent;
    this.#conversation = conversation;
    this.#onGrown = onGrown;
    socket.on('queue_processed_status_update', (update) => this.#noteStatus(update));
    socket.on('queue_processed_stream_chunk', (piece) => this.#notePiece(piece));
    socket.on('disconnect', () => this.#hide());
  }

  /** A message of the agent has come: what it was before is gone. */
  answered(messageId) {
    this.#answered.add(questionOf(messageId));
    if (this.#messageId === null || this.#messageId === messageId) this.#hide();
  }

  #noteStatus({ jobId, agentType, status }) {
    if (agentType !== this.#agent) return;
    const isAnswered = this.#answered.has(questionOf(jobId));
    if (status === 'thinking' && !isAnswered && this.#messageId === null) {
      const dots = [1, 2, 3].map(() => element('span', { class: 'dot' }));
      this.#show(element('p', {}, ...dots));
    }
    // An answer without a word.
    if (status !== 'thinking' && this.#messageId === null) this.#hide();
  }

  #notePiece({ conversationId, messageId, chunkIndex, content }) {
    if (conversationId !== this.#conversation || this.#answered.has(questionOf(messageId))) return;
    if (messageId !== this.#messageId) this.#pieces.clear();
    this.#messageId = messageId;
    this.#pieces.set(chunkIndex, content);
    let text = '';
    for (let at = 0; this.#pieces.has(at); at += 1) text += this.#pieces.get(at);
    if (text !== '') this.#show(element('p', { dir: 'auto', class: 'writing', text }));
  }

  #show(content) {
    this.root.replaceChildren(content);
    this.root.hidden = false;
    const state = `${nameOf(this.#agent)} is writing`;
    if (this.state.textContent !== state) this.state.textContent = state;
    this.#onGrown();
  }

  #hide() {
    this.root.hidden = true;
    this.root.replaceChildren();
    this.state.textContent = '';
    this.#pieces.clear();
    this.#messageId = null;
  }
}
