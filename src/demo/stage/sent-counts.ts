import type { INestApplicationContext } from '@nestjs/common';
import { InAppChannel, PushChannel, SmsChannel } from '../../message-queue/ports/index.js';
import type {
  InMemoryPushChannel,
  InMemorySmsChannel,
} from '../../message-queue/adapters/in-memory/index.js';
import type { RememberingInAppChannel } from './remembering-in-app.channel.js';

/** Notifications that left over the channels without a server of their own in the demo; repeats count once. */
export interface SentCounts {
  readonly push: number;
  readonly sms: number;
  readonly in_app: number;
}

/** Asks the channels of the process that runs the jobs. */
export function countSent(app: INestApplicationContext): SentCounts {
  return {
    push: sentOver(app.get<PushChannel, InMemoryPushChannel>(PushChannel)),
    sms: sentOver(app.get<SmsChannel, InMemorySmsChannel>(SmsChannel)),
    in_app: sentOver(app.get<InAppChannel, RememberingInAppChannel>(InAppChannel)),
  };
}

function sentOver(channel: {
  readonly outbox: { readonly sent: readonly { notificationId: string }[] };
}): number {
  return new Set(channel.outbox.sent.map(({ notificationId }) => notificationId)).size;
}
