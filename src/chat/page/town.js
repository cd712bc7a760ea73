import { callApi, clockTime, element, nameOf } from '/assets/elements.js';

const SEARCH_PAUSE_MS = 250;
const PROGRESS_EVERY_MS = 250;
const COUNTS_EVERY_MS = 1000;

/** Searches while one types; a click on a hit shows the message where it was said. */
export function startSearch(panes) {
  const text = document.getElementById('search-text');
  const hits = document.getElementById('search-hits');
  let timer;
  let asked = 0;
  const search = async () => {
    const words = text.value.trim();
    const mine = ++asked;
    const found = words === '' ? null : await callApi(`/api/search?q=${encodeURIComponent(words)}`);
    // A slow answer must not replace that to a later question.
    if (mine !== asked) return;
    hits.replaceChildren(...(found?.items.slice(0, 8).map((hit) => hitElement(hit, panes)) ?? []));
    if (found?.items.length === 0) hits.append(element('li', { class: 'notice', text: 'Nothing found.' }));
  };
  text.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => search().catch(() => undefined), SEARCH_PAUSE_MS);
  });
  document.getElementById('search-form').addEventListener('submit', (event) => {
    event.preventDefault();
    search().catch(() => undefined);
  });
}

function hitElement({ messageId, senderId, createdAt, highlights }, panes) {
  const excerpt = highlights.map(({ text, isMatch }) => (isMatch ? element('mark', { text }) : text));
  const from = element('span', { class: 'meta', text: `${nameOf(senderId)}, ${clockTime(createdAt)}` });
  const button = element('button', { type: 'button' }, element('span', {}, ...excerpt), from);
  button.addEventListener('click', () => panes.forEach((pane) => pane.reveal(messageId)));
  return element('li', { class: 'hit' }, button);
}

/** Sends an announcement and shows how far it is. */
export function startAnnouncements() {
  const text = document.getElementById('announcement-text');
  const counts = document.getElementById('announcement-counts');
  let latest = null;
  document.getElementById('announcement-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const content = text.value.trim();
    if (content === '') return;
    document.getElementById('announcement-state').hidden = false;
    try {
      const { batchId } = await callApi('/api/announcements', { senderId: 'town-hall', content });
      text.value = '';
      latest = batchId;
      await follow(batchId, () => latest === batchId);
    } catch (error) {
      counts.textContent = error.message;
    }
  });
}

async function follow(batchId, isLatest) {
  const bar = document.getElementById('announcement-progress');
  const counts = document.getElementById('announcement-counts');
  let left = 0;
  while (isLatest()) {
    const { percentage, recipients, sent, statuses } = await callApi(`/api/announcements/${batchId}`);
    const arrived = statuses.delivered + statuses.read;
    bar.value = percentage;
    counts.textContent =
      percentage === 0
        ? 'Queued'
        : `${percentage} %: ${sent} of ${recipients} handed on, ${arrived} arrived, ${statuses.read} read`;
    // A little longer than the batch itself: its last messages are still on their way.
    if (percentage === 100 && (left += 1) > 20) return;
    await new Promise((resolve) => setTimeout(resolve, PROGRESS_EVERY_MS));
  }
}

/** Shows the counts of all queues, again and again. */
export function startQueueCounts() {
  const rows = document.getElementById('queue-rows');
  const state = document.getElementById('queues-state');
  const update = async () => {
    try {
      rows.replaceChildren(...(await callApi('/api/queues')).map(queueRow));
      state.textContent = '';
    } catch {
      state.textContent = 'not reachable';
    }
    setTimeout(() => void update(), COUNTS_EVERY_MS);
  };
  void update();
}

function queueRow({ name, isBuiltIn, isPaused, ...counts }) {
  const title = element('th', { scope: 'row', text: isPaused ? `${name} (paused)` : name });
  const cells = ['waiting', 'active', 'delayed', 'completed', 'failed'].map((state) =>
    element('td', { text: String(counts[state]), class: counts[state] === 0 ? 'none' : state }),
  );
  return element('tr', { class: isBuiltIn ? 'built-in' : 'own-queue' }, title, ...cells);
}
