import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { MESSAGE_QUEUE_CONFIG, MessageQueueModule } from '../message-queue/index.js';
import type { MessageQueueConfig } from '../message-queue/index.js';
import { opensUnlocked } from '../message-queue/operations/index.js';
import { Clock, ConversationMembers } from '../message-queue/ports/index.js';
import { AnnouncementsController } from './announcements/announcements.controller.js';
import { AnnouncementsService } from './announcements/announcements.service.js';
import { Agent } from './agents/agent.js';
import { AnswerWriter } from './agents/answer-writer.js';
import { EchoAgent } from './agents/echo.agent.js';
import { GuideMessages } from './agents/guide-messages.js';
import { IdleRule } from './agents/idle-rule.js';
import { ChatPageController } from './chat-page.controller.js';
import { CHAT_PROCESSORS, CHAT_QUEUES } from './queues/chat-queues.js';
import { ConversationsController } from './messages/conversations.controller.js';
import { ConversationAccess } from './messages/conversation-access.js';
import { ConversationList } from './messages/conversation-list.js';
import { NEIGHBOURS } from './messages/listed-conversation.js';
import type { ListedConversation } from './messages/listed-conversation.js';
import { AllowedHosts } from './protection/allowed-hosts.js';
import { RequestGate } from './protection/request-gate.js';
import { MessagesController } from './messages/messages.controller.js';
import { ChatGateway } from './sockets/chat.gateway.js';
import { MessagesService } from './messages/messages.service.js';
import { SecurityHeaders } from './protection/security-headers.js';
import { Confirmations } from './sockets/confirmations.js';
import { QueueCountsController } from './queues/queue-counts.controller.js';
import { ProblemFilter } from './input/problem.filter.js';
import { QueueErrorFilter } from './input/queue-error.filter.js';
import { QueueApiController } from './queue-api.controller.js';
import { QueueDemo } from './queue-api/queue-demo.js';
import { OperatorGuard } from './sign-in/operator.guard.js';
import { PasswordChecks } from './sign-in/people/password-checks.js';
import { People } from './sign-in/people/people.js';
import { PrincipalReader } from './sign-in/principal-reader.js';
import { SessionController } from './sign-in/session.controller.js';
import { Sessions } from './sign-in/sessions.js';
import { SignedInGuard } from './sign-in/signed-in.guard.js';
import { SignInThrottle } from './sign-in/sign-in-throttle.js';
import { UnreadableBodyFilter } from './input/unreadable-body.filter.js';

/** What the chat needs to know. */
export interface ChatOptions {
  /** What the page shows before the conversation of the two neighbours where people are made up. */
  readonly conversations: readonly ListedConversation[];
  /** CHAT_USERS. Default: people are made up where NODE_ENV is `development` or `test`, and elsewhere nobody can sign in. */
  readonly users: string | undefined;
  /** CHAT_HOSTS. */
  readonly hosts: string | undefined;
  /** Address or host name that the app listens on. */
  readonly listensOn: string;
}

/** A small chat as a host would write it: REST, sockets, one page. */
@Module({
  imports: CHAT_QUEUES.map((queue) => MessageQueueModule.registerQueue(queue)),
  controllers: [
    ...[MessagesController, ConversationsController, AnnouncementsController],
    ...[QueueApiController, QueueCountsController, ChatPageController, SessionController],
  ],
  providers: [
    ...[AnnouncementsService, ChatGateway, MessagesService, Confirmations],
    ...[ConversationAccess, RequestGate, SecurityHeaders],
    ...[OperatorGuard, PasswordChecks, PrincipalReader, SignInThrottle],
    ...[AnswerWriter, GuideMessages, IdleRule, QueueDemo],
    { provide: Agent, useClass: EchoAgent },
    ...CHAT_PROCESSORS,
    { provide: APP_GUARD, useClass: SignedInGuard },
    // The last one that fits an error answers it.
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_FILTER, useClass: QueueErrorFilter },
    { provide: APP_FILTER, useClass: UnreadableBodyFilter },
  ],
})
export class ChatModule {
  /** @throws Error when CHAT_USERS or CHAT_HOSTS cannot be read */
  static register({ conversations, users, hosts, listensOn }: ChatOptions): DynamicModule {
    const allowed = new AllowedHosts(listensOn, hosts);
    const signingIn = users === undefined ? undefined : People.from(users);
    return {
      module: ChatModule,
      providers: [
        { provide: AllowedHosts, useValue: allowed },
        {
          provide: People,
          useFactory: ({ environment }: MessageQueueConfig) => {
            if (signingIn !== undefined) return signingIn;
            return opensUnlocked(environment) ? People.madeUp([...conversations, NEIGHBOURS]) : People.none();
          },
          inject: [MESSAGE_QUEUE_CONFIG],
        },
        {
          provide: Sessions,
          // Whoever gets a new password, or leaves, is signed out with everybody else.
          useFactory: (people: People, clock: Clock) => new Sessions(people, clock, users),
          inject: [People, Clock],
        },
        {
          provide: ConversationList,
          useFactory: (members: ConversationMembers, people: People) =>
            new ConversationList(members, people, conversations),
          inject: [ConversationMembers, People],
        },
      ],
    };
  }
}
