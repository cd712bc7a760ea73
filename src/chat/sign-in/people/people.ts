import { GUIDE } from '../../agents/guide.js';
import { NEIGHBOURS } from '../../messages/listed-conversation.js';
import type { ListedConversation, Participant } from '../../messages/listed-conversation.js';
import { RIGHTS } from '../principal.js';
import type { Principal } from '../principal.js';
import { parseChatUsers } from './chat-users.js';
import { NOBODYS_HASH } from './password-hash.js';
import type { PasswordHash } from './password-hash.js';

/** Somebody the chat knows. */
export interface Person extends Participant, Principal {}

/** Writes the announcements of a chat whose people are made up. */
const TOWN_HALL: Person = { id: 'town-hall', name: 'Town hall', rights: RIGHTS };

/** Made-up neighbours who are never online, so that an announcement takes long enough to watch it. */
const ABSENT: readonly Person[] = Array.from({ length: 198 }, (_, n) => ({
  ...{ id: `neighbour-${n + 1}`, name: `Neighbour ${n + 1}`, rights: [] },
}));

/** Can be written to, and never signs in. */
const AGENT: Person = { ...GUIDE, rights: [] };

/** Everybody the chat knows. Nobody else can sign in or be written to. */
export class People {
  readonly #people: ReadonlyMap<string, Person>;

  private constructor(
    people: readonly Person[],
    /** How people sign in: with a password; without, as those who were made up; or not at all. */
    readonly way: 'password' | 'made-up' | 'none',
    /** Those whom a browser plays where people are made up. */
    readonly played: readonly Person[],
    /** Ids of those who get the announcements. */
    readonly residents: readonly string[],
    private readonly hashes: ReadonlyMap<string, PasswordHash>,
  ) {
    this.#people = new Map(people.map((person) => [person.id, person]));
  }

  /** Those of CHAT_USERS. @throws Error that says what is wrong with it */
  static from(chatUsers: string): People {
    const users = parseChatUsers(chatUsers);
    if (users.some(({ id }) => id === AGENT.id)) {
      throw new Error(`CHAT_USERS: "${AGENT.id}" is the name of the chat's agent. Choose another one.`);
    }
    const people = users.map(({ id, rights }) => ({ id, name: id, rights }));
    const hashes = new Map(users.map(({ id, hash }) => [id, hash]));
    return new People([...people, AGENT], 'password', [], [...hashes.keys()], hashes);
  }

  /** The people of some conversations, of whom nobody has a password, with neighbours and a town hall around them. */
  static madeUp(conversations: readonly ListedConversation[]): People {
    const shown = conversations.flatMap(({ people }) => people).map((person) => ({ ...person, rights: [] }));
    const played = [...new Map([...shown, TOWN_HALL].map((person) => [person.id, person])).values()];
    const residents = [...NEIGHBOURS.people, ...ABSENT].map(({ id }) => id);
    return new People([...ABSENT, AGENT, ...played], 'made-up', played, residents, new Map());
  }

  /** Nobody: the chat stays closed. */
  static none(): People {
    return new People([], 'none', [], [], new Map());
  }

  /** All but the absent. */
  get all(): readonly Person[] {
    return this.way === 'made-up' ? this.played : [...this.#people.values()];
  }

  find(id: string): Person | undefined {
    return this.#people.get(id);
  }

  /** The hash to check a password against; of somebody unknown one that no password fits. */
  hashOf(id: string): PasswordHash {
    return this.hashes.get(id) ?? NOBODYS_HASH;
  }
}
