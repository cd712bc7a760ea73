import { ChatMessagesProcessor } from './queues/chat-messages.processor.js';
import { CHAT_MESSAGES_QUEUE } from './queues/chat-messages.queue.js';
import { AgentResponsesProcessor } from './queues/agent-responses.processor.js';
import { AGENT_RESPONSES_QUEUE } from './queues/agent-responses.queue.js';
import { ProactiveActionsProcessor } from './queues/proactive-actions.processor.js';
import { PROACTIVE_ACTIONS_QUEUE } from './queues/proactive-actions.queue.js';
import { StreamChunksProcessor } from './queues/stream-chunks.processor.js';
import { STREAM_CHUNKS_QUEUE } from './queues/stream-chunks.queue.js';
import { StatusUpdatesProcessor } from './queues/status-updates.processor.js';
import { STATUS_UPDATES_QUEUE } from './queues/status-updates.queue.js';
import { ValidationRequestsProcessor } from './queues/validation-requests.processor.js';
import { VALIDATION_REQUESTS_QUEUE } from './queues/validation-requests.queue.js';
import { GoalSeekingUpdatesProcessor } from './queues/goal-seeking-updates.processor.js';
import { GOAL_SEEKING_UPDATES_QUEUE } from './queues/goal-seeking-updates.queue.js';
import { ConversationEventsProcessor } from './queues/conversation-events.processor.js';
import { CONVERSATION_EVENTS_QUEUE } from './queues/conversation-events.queue.js';

/** The queues this app registers beside the library's six. */
export const CHAT_QUEUES = [
  CHAT_MESSAGES_QUEUE,
  AGENT_RESPONSES_QUEUE,
  PROACTIVE_ACTIONS_QUEUE,
  STREAM_CHUNKS_QUEUE,
  STATUS_UPDATES_QUEUE,
  VALIDATION_REQUESTS_QUEUE,
  GOAL_SEEKING_UPDATES_QUEUE,
  CONVERSATION_EVENTS_QUEUE,
] as const;

/** The classes that handle their jobs. */
export const CHAT_PROCESSORS = [
  ChatMessagesProcessor,
  AgentResponsesProcessor,
  ProactiveActionsProcessor,
  StreamChunksProcessor,
  StatusUpdatesProcessor,
  ValidationRequestsProcessor,
  GoalSeekingUpdatesProcessor,
  ConversationEventsProcessor,
] as const;
