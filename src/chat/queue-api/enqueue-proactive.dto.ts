import { IsIn, ValidateBy, ValidateIf } from 'class-validator';
import type { JobPriority } from '../../message-queue/index.js';
import { Id, Text } from '../input/fields.js';
import { CHAT_PRIORITY } from '../queues/chat-priority.js';
import { Priority } from './priority.js';

const LONGEST_DELAY_MS = 365 * 24 * 60 * 60 * 1_000;
const ABOUT_DELAY = `delayMs must be a whole number from 1 to ${LONGEST_DELAY_MS} with the timing "delayed", and left out otherwise`;

/** Body of `POST /api/queue/enqueue/proactive`. */
export class EnqueueProactiveDto {
  @Id()
  actionType!: string;

  @Id()
  agentType!: string;

  @Text()
  message!: string;

  /** Who is told. */
  @Id()
  userId!: string;

  @Id()
  conversationId!: string;

  @IsIn(['immediate', 'delayed'])
  timing!: 'immediate' | 'delayed';

  /** Milliseconds from now, at most a year; only with the timing `delayed`. */
  @ValidateIf(({ timing, delayMs }: EnqueueProactiveDto) => timing === 'delayed' || delayMs !== undefined)
  @ValidateBy({
    name: 'delayMs',
    validator: {
      validate: (value, args) => (args?.object as EnqueueProactiveDto).timing === 'delayed' && isDelay(value),
      defaultMessage: () => ABOUT_DELAY,
    },
  })
  delayMs?: number;

  /** 1 to 10, 10 first. Default 7; 9 for what is urgent. */
  @Priority()
  priority: JobPriority = CHAT_PRIORITY.proactive;
}

function isDelay(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LONGEST_DELAY_MS;
}
