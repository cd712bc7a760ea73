import type { IEvent } from 'nestjs-message-queue/buffered-events';

/** An event of which block 13 gives the name alone. */
export interface UserProcessEvent extends IEvent<'user.process', { readonly userId: string }> {}
