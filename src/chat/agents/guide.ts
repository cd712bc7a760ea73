import type { Participant } from '../messages/listed-conversation.js';

/** The agent of this chat: everybody has a conversation with it. Nobody signs in as the guide. */
export const GUIDE: Participant = { id: 'guide', name: 'Guide' };
