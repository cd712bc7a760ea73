import { callApi } from '/assets/api.js';
import { element, nameOf, timeElement } from '/assets/elements.js';

const TYPING_PAUSE_MS = 250;
const SHOWN = 8;
const NOTICE_BOARD = 'announcements';

/** Searches the conversation and what was announced, while one types; a click on a hit shows the message where it was said. */
export function startSearch(view, panes) {
  const text = document.getElementById('search-text');
  const hits = document.getElementById('search-hits');
  const state = document.getElementById('search-state');
  let timer;
  let asked = 0;
  const search = async () => {
    clearTimeout(timer);
    const words = text.value.trim();
    const mine = ++asked;
    const found = words === '' ? null : await ask(words, view);
    // A slow answer must not replace that to a later question.
    if (mine !== asked) return;
    hits.replaceChildren(...(found?.items.slice(0, SHOWN).map((hit) => hitElement(hit, panes)) ?? []));
    state.textContent = found?.says ?? '';
  };
  text.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(search, TYPING_PAUSE_MS);
  });
  document.getElementById('search-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void search();
  });
}

async function ask(words, { conversation }) {
  try {
    const found = await Promise.all([conversation.id, NOTICE_BOARD].map((id) => searchIn(id, words)));
    const items = found
      .flatMap((page) => page.items)
      .toSorted((one, other) => Date.parse(other.createdAt) - Date.parse(one.createdAt));
    const isMore = items.length > SHOWN || found.some(({ nextCursor }) => nextCursor !== null);
    if (items.length === 0) return { items, says: 'Nothing found.' };
    return { items, says: isMore ? `The first ${SHOWN} messages` : `${items.length} found` };
  } catch (error) {
    return { items: [], says: error.message };
  }
}

/** A conversation begins with its first message: before it, there is none to search. */
function searchIn(conversationId, words) {
  const query = new URLSearchParams({ q: words, conversationId });
  return callApi(`/api/search?${query}`).catch((error) => {
    if (error.status === 404) return { items: [], nextCursor: null };
    throw error;
  });
}

function hitElement({ messageId, senderId, createdAt, highlights }, panes) {
  const excerpt = highlights.map(({ text, isMatch }) => (isMatch ? element('mark', { text }) : text));
  const from = element('span', { class: 'meta' }, `${nameOf(senderId)}, `, timeElement(createdAt));
  const button = element('button', { type: 'button' }, element('span', { dir: 'auto' }, ...excerpt), from);
  button.addEventListener('click', async () => {
    let isFocused = true;
    for (const pane of panes) {
      // Older messages that cannot be loaded now can be by the next click.
      const isShown = await pane.reveal(messageId, { isFocused }).catch(() => false);
      if (isShown) isFocused = false;
    }
  });
  return element('li', { class: 'hit' }, button);
}
