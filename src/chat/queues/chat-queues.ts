import { ChatMessagesProcessor } from './conversations/chat-messages.processor.js';
import { CHAT_MESSAGES_QUEUE } from './conversations/chat-messages.queue.js';
import { AgentResponsesProcessor } from './agents/agent-responses.processor.js';
import { AGENT_RESPONSES_QUEUE } from './agents/agent-responses.queue.js';
import { ProactiveActionsProcessor } from './agents/proactive-actions.processor.js';
import { PROACTIVE_ACTIONS_QUEUE } from './agents/proactive-actions.queue.js';
import { StreamChunksProcessor } from './agents/stream-chunks.processor.js';
import { STREAM_CHUNKS_QUEUE } from './agents/stream-chunks.queue.js';
import { StatusUpdatesProcessor } from './conversations/status-updates.processor.js';
import { STATUS_UPDATES_QUEUE } from './conversations/status-updates.queue.js';
import { ValidationRequestsProcessor } from './agents/validation-requests.processor.js';
import { VALIDATION_REQUESTS_QUEUE } from './agents/validation-requests.queue.js';
import { GoalSeekingUpdatesProcessor } from './agents/goal-seeking-updates.processor.js';
import { GOAL_SEEKING_UPDATES_QUEUE } from './agents/goal-seeking-updates.queue.js';
import { ConversationEventsProcessor } from './conversations/conversation-events.processor.js';
import { CONVERSATION_EVENTS_QUEUE } from './conversations/conversation-events.queue.js';

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
