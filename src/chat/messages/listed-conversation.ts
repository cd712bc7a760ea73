/** Somebody who takes part in a conversation. */
export interface Participant {
  readonly id: string;
  readonly name: string;
}

/** A conversation that the page shows, through the eyes of two of its people at a time. */
export interface ListedConversation {
  readonly id: string;
  readonly title: string;
  /** Two or more; the page begins with the first two. */
  readonly people: readonly Participant[];
}

/** The conversation that everybody can begin in where people are made up. */
export const NEIGHBOURS = {
  id: 'c1',
  title: 'Two neighbours',
  people: [
    { id: 'ada', name: 'Ada' },
    { id: 'grace', name: 'Grace' },
  ],
} as const satisfies ListedConversation;
