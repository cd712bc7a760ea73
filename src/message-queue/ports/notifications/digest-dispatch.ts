import type { NotificationType } from './notification-type.js';
import type { TemplateVariables } from './template-renderer.js';

/** A notification that waits for others, to go out together with them. */
export interface DigestItem {
  /** Of the notification that it is: the same item again is collected once. */
  readonly notificationId: string;
  /** What is collected together: one message per recipient, channel and key. */
  readonly digestKey: string;
  readonly digestTemplate?: string;
  readonly recipientId: string;
  readonly type: NotificationType;
  readonly title?: string;
  readonly message?: string;
  readonly pushPayload?: object;
  readonly messageId?: string;
  readonly conversationId?: string;
  readonly template?: string;
  readonly variables?: TemplateVariables;
  readonly ttlMs?: number;
  readonly emailAddress?: string;
  readonly phoneNumber?: string;
  readonly createdAt: Date | string;
}

/** Hands items to the digests of their recipients. The library provides it: each becomes a job `send-digest`, which the queue collects. */
export abstract class DigestDispatch {
  /**
   * Collects one item, once.
   * @throws RetryLater when the queue takes no more for now; what refuses it for good
   */
  abstract collect(item: DigestItem, signal: AbortSignal): Promise<void>;
}
