import { callApi } from '/assets/api.js';
import { element, pause } from '/assets/elements.js';

const ASK_EVERY_MS = 1_000;
const STATES = ['waiting', 'active', 'delayed', 'completed', 'failed'];

/** Shows the counts of all queues, again and again. */
export async function showQueueCounts() {
  const state = document.getElementById('queues-state');
  const rows = new Map();
  for (;;) {
    try {
      for (const queue of await callApi('/api/queues')) {
        if (!rows.has(queue.name)) rows.set(queue.name, new QueueRow(queue));
        rows.get(queue.name).show(queue);
      }
      state.textContent = '';
    } catch {
      state.textContent = 'do not answer, trying again';
    }
    await pause(ASK_EVERY_MS);
  }
}

class QueueRow {
  #paused = element('span', { text: ' (paused)', hidden: '' });
  #cells = STATES.map(() => element('td'));

  constructor({ name, description, isBuiltIn }) {
    const body = document.getElementById(isBuiltIn ? 'built-in-queues' : 'own-queues');
    // On a phone a name may break where its words end.
    const words = name.split(/(?<=_)/).flatMap((word) => [word, element('wbr')]);
    const title = element('th', { scope: 'row' }, ...words, this.#paused);
    const purpose = element('td', {
      class: 'purpose',
      colspan: String(STATES.length + 1),
      text: description,
    });
    body.append(element('tr', { class: 'counts' }, title, ...this.#cells), element('tr', {}, purpose));
  }

  show({ isPaused, ...counts }) {
    this.#paused.hidden = !isPaused;
    STATES.forEach((state, at) => {
      this.#cells[at].textContent = counts[state];
      this.#cells[at].className = counts[state] === 0 ? 'none' : state;
    });
  }
}
