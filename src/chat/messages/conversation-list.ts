import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { ConversationMembers } from '../../message-queue/ports/index.js';
import { People } from '../sign-in/people/people.js';
import type { Principal } from '../sign-in/principal.js';
import { directConversation } from './conversation-access.js';
import { GUIDE } from '../agents/guide.js';
import { NEIGHBOURS } from './listed-conversation.js';
import type { ListedConversation } from './listed-conversation.js';

/** The conversation with the guide where people are made up: one of the two neighbours shows it. */
const [NEIGHBOUR] = NEIGHBOURS.people;
const GUIDED: ListedConversation = {
  id: directConversation(NEIGHBOUR.id, GUIDE.id),
  title: `${NEIGHBOUR.name} and the guide`,
  people: [NEIGHBOUR, GUIDE],
};

/** The conversations to choose from. Where people sign in with a password these are the ones with each other person. */
@Injectable()
export class ConversationList implements OnApplicationBootstrap {
  private readonly madeUp: readonly ListedConversation[];

  /** @param given what is shown before the conversation of the two neighbours where people are made up */
  constructor(
    private readonly members: ConversationMembers,
    private readonly people: People,
    given: readonly ListedConversation[],
  ) {
    this.madeUp = people.way === 'made-up' ? [...given, NEIGHBOURS, GUIDED] : [];
  }

  /** Made-up people have been in their conversations since the beginning. */
  async onApplicationBootstrap(): Promise<void> {
    for (const { id, people } of this.madeUp)
      await this.members.add(
        id,
        people.map((person) => person.id),
      );
  }

  /** The conversations of one person. */
  async of({ id }: Principal): Promise<ListedConversation[]> {
    const areTheirs = await Promise.all(this.madeUp.map((listed) => this.members.isMember(listed.id, id)));
    const listed = this.madeUp.filter((_, at) => areTheirs[at]);
    return this.people.way === 'password' ? [...listed, ...this.directOnes(id)] : listed;
  }

  private directOnes(ownId: string): ListedConversation[] {
    const own = { id: ownId, name: ownId };
    return this.people.all
      .filter(({ id }) => id !== ownId)
      .map(({ id, name }) => ({
        id: directConversation(ownId, id),
        title: name,
        people: [own, { id, name }],
      }));
  }
}
