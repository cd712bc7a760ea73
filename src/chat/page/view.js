import { callApi } from '/assets/api.js';
import { element, knowNames, pause } from '/assets/elements.js';
import { session } from '/assets/session.js';

const TRY_AGAIN_MS = 2_000;

/** What the page shows: a conversation, through the eyes of two of its people, or of one who signed in. The address says which. */
export class View {
  #conversations;
  conversation;
  /** Ids of the two. */
  sides;

  constructor(conversations, asked) {
    this.#conversations = conversations;
    this.conversation = conversations.find(({ id }) => id === asked.get('conversation')) ?? conversations[0];
    const { people } = this.conversation ?? { people: [] };
    knowNames(people);
    const ids = people.map(({ id }) => id);
    const own = ids.filter((id) => session.has(id));
    const left = own.find((id) => id === asked.get('left')) ?? own[0];
    const right = ids.find((id) => id === asked.get('right') && id !== left);
    this.sides = [left, right ?? ids.find((id) => id !== left)];
  }

  /** Reads what there is to choose from, as soon as the server answers. */
  static async load() {
    for (;;) {
      try {
        return new View(await listConversations(), new URLSearchParams(location.search));
      } catch {
        await pause(TRY_AGAIN_MS);
      }
    }
  }

  /** A select of the conversations; null when there is but one. */
  conversationChoice() {
    if (this.#conversations.length < 2) return null;
    const choices = this.#conversations.map(({ id, title }) => [id, title]);
    return choice('Conversation', choices, this.conversation.id, (conversation) => open({ conversation }));
  }

  /** A select of who is on a side; null when nobody else could be. */
  personChoice(side) {
    const { id: conversation, people } = this.conversation;
    if (people.length < 3) return null;
    const other = this.sides[1 - side];
    const choices = people.filter(({ id }) => id !== other).map(({ id, name }) => [id, name]);
    return choice('Whose side to see', choices, this.sides[side], (id) => {
      const [left, right] = side === 0 ? [id, other] : [other, id];
      open({ conversation, left, right });
    });
  }
}

/** Those of everybody whom this browser is signed in as, each once. */
async function listConversations() {
  const lists = await Promise.all(session.people.map(({ id }) => callApi('/api/conversations', { as: id })));
  const listed = new Map(lists.flatMap(({ items }) => items).map((item) => [item.id, item]));
  return [...listed.values()];
}

function choice(label, choices, chosen, onChoice) {
  const options = choices.map(([value, text]) =>
    element('option', { value, text, ...(value === chosen && { selected: '' }) }),
  );
  const select = element('select', { 'aria-label': label, autocomplete: 'off' }, ...options);
  select.addEventListener('change', () => onChoice(select.value));
  return select;
}

/** Another view is another page: each has its sockets and what is written in it. */
function open(view) {
  location.search = new URLSearchParams(view).toString();
}
