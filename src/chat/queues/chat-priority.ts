import type { JobPriority } from '../../message-queue/index.js';

/** Which of the app's own jobs goes first, 10 first; each queue has lanes of its own. */
export const CHAT_PRIORITY = {
  chat: 5,
  validation: 5,
  status: 5,
  /** Whoever reads along waits for the next piece. */
  chunk: 8,
  response: 6,
  proactive: 7,
  urgent: 9,
  /** Nobody waits for it. */
  background: 3,
} as const satisfies Readonly<Record<string, JobPriority>>;
