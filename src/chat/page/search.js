import { callApi } from '/assets/api.js';
import { element, nameOf, timeElement } from '/assets/elements.js';

const TYPING_PAUSE_MS = 250;
const SHOWN = 8;

/** Searches while one types; a click on a hit shows the message where it was said. */
export function startSearch(panes) {
  const text = document.getElementById('search-text');
  const hits = document.getElementById('search-hits');
  const state = document.getElementById('search-state');
  let timer;
  let asked = 0;
  const search = async () => {
    clearTimeout(timer);
    const words = text.value.trim();
    const mine = ++asked;
    const found = words === '' ? null : await ask(words);
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

async function ask(words) {
  try {
    const { items, nextCursor } = await callApi(`/api/search?q=${encodeURIComponent(words)}`);
    const isMore = nextCursor !== null || items.length > SHOWN;
    if (items.length === 0) return { items, says: 'Nothing found.' };
    return { items, says: isMore ? `The first ${SHOWN} messages` : `${items.length} found` };
  } catch (error) {
    return { items: [], says: error.message };
  }
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
