import { randomUUID } from 'node:crypto';
import { getQueueToken } from '@nestjs/bull-shared';
import { Test } from '@nestjs/testing';
import type { Queue } from 'bull';
import { AppModule } from '../../src/app.module.js';
import { Agent } from '../../src/chat/agents/agent.js';
import type { AgentQuestion } from '../../src/chat/agents/agent.js';
import { IDLE_MS } from '../../src/chat/agents/idle-rule.js';
import { CHAT_QUEUES } from '../../src/chat/queues/chat-queues.js';
import { PROACTIVE_ACTIONS_QUEUE } from '../../src/chat/queues/agents/proactive-actions.queue.js';
import { CHAT_MESSAGES_QUEUE } from '../../src/chat/queues/conversations/chat-messages.queue.js';
import { JobEvents, MessageQueueService } from '../../src/message-queue/index.js';
import type { ProviderName } from '../../src/message-queue/index.js';
import { TestRedis } from '../support/redis-server.js';
import { waitUntil } from '../support/wait-until.js';
import { ChatApp, ChatStage } from './chat.fixture.js';
import type { Device } from './chat.fixture.js';

const WITH_GUIDE = 'direct:ada:guide';
const EVENTS = [
  ...['queue_processed_chat', 'queue_processed_agent_response', 'queue_processed_proactive_action'],
  ...['queue_processed_stream_chunk', 'queue_processed_status_update', 'queue_processed_validation_request'],
  ...['queue_processed_goal_seeking_update', 'queue_processed_conversation_event'],
];

type Told = Readonly<Record<string, unknown>>;

/** An agent that a test tells what to answer. */
class ScriptedAgent extends Agent {
  readonly asked: AgentQuestion[] = [];
  /** What each question is answered with; an Error is thrown after the pieces before it. */
  script: (string | Error)[][] = [];

  override async *answer(question: AgentQuestion): AsyncIterable<string> {
    this.asked.push(question);
    for (const piece of this.script.shift() ?? [`Heard ${question.message}.`]) {
      if (piece instanceof Error) throw piece;
      yield await Promise.resolve(piece);
    }
  }
}

/** What a user's device is told by the app's own queues. */
class Hearing {
  readonly events: [string, Told][] = [];

  constructor({ socket }: Device) {
    socket.onAny((name: string, told: Told) => name.startsWith('queue_') && this.events.push([name, told]));
  }

  of(name: string): Told[] {
    return this.events.filter(([heard]) => heard === name).map(([, told]) => told);
  }
}

describe.each<ProviderName>(['memory', 'redis'])('The guide of the chat, on %s', (provider) => {
  const stage = new ChatStage();
  const agent = new ScriptedAgent();
  let app: ChatApp;
  let queue: MessageQueueService;

  beforeAll(async () => {
    let redis: TestRedis | undefined;
    if (provider === 'redis') {
      redis = await TestRedis.start();
      stage.atEnd(() => redis?.stop());
    }
    const options = {
      provider,
      prefix: `agent-${randomUUID()}`,
      ...(redis && { redis: { url: redis.url } }),
    };
    const module = await Test.createTestingModule({
      imports: [AppModule.register({ environment: 'test', ...options })],
    })
      .overrideProvider(Agent)
      .useValue(agent)
      .compile();
    app = await ChatApp.of(module);
    stage.atEnd(() => app.app.close());
    queue = app.app.get(MessageQueueService, { strict: false });
  });
  afterEach(() => {
    agent.asked.length = 0;
    agent.script = [];
  });
  afterAll(() => stage.clear());

  const ask = async (content: string): Promise<string> => {
    const message = { recipientId: 'guide', conversationId: WITH_GUIDE, content };
    const { status, answer } = await app.call('/api/messages', message);
    expect(status).toBe(202);
    return answer.messageId;
  };
  const answersTo = (device: Device): string[] =>
    device.messages.filter(({ senderId }) => senderId === 'guide').map(({ content }) => content ?? '');

  it('answers what one types as a message, piece by piece before, and all eight queues are heard', async () => {
    const ada = await stage.signIn(app, 'ada');
    const [hearing, grace] = [new Hearing(ada), new Hearing(await stage.signIn(app, 'grace'))];
    agent.script = [['Good ', 'morning', ' ', 'Ada.']];
    const messageId = await ask('Good morning');
    await waitUntil(() => answersTo(ada).length === 1, 'the answer');
    expect(agent.asked).toEqual([
      { agentType: 'guide', userId: 'ada', conversationId: WITH_GUIDE, message: 'Good morning' },
    ]);
    expect(answersTo(ada)).toEqual(['Good morning Ada.']);
    await waitUntil(
      async () => (await app.status(messageId, 'guide')) === 'read',
      'the guide to have read it',
    );
    // The pieces have a queue of their own: the last may be told of after the answer.
    await waitUntil(() => hearing.of('queue_processed_stream_chunk').length >= 3, 'every piece');
    const pieces = hearing.of('queue_processed_stream_chunk');
    expect(pieces.map(({ content, chunkIndex, isFinal }) => [content, chunkIndex, isFinal])).toEqual([
      ['Good ', 0, false],
      ['morning ', 1, false],
      ['Ada.', 2, true],
    ]);
    expect(pieces[0]?.['messageId']).toBe(ada.messages.at(-1)?.messageId);

    await queue.enqueue(PROACTIVE_ACTIONS_QUEUE, 'run-proactive-action', {
      ...{ userId: 'ada', conversationId: WITH_GUIDE, agentType: 'guide', actionType: 'remind' },
      message: 'Do not forget the bread.',
    });
    await waitUntil(() => EVENTS.every((name) => hearing.of(name).length > 0), 'all eight events');
    await waitUntil(() => answersTo(ada).includes('Do not forget the bread.'), 'what the agent says unasked');
    expect(hearing.of('queue_processed_conversation_event')).toMatchObject([{ eventType: 'opened' }]);
    expect(hearing.of('queue_processed_goal_seeking_update')).toMatchObject([
      { goalId: 'remind', state: 'acted', progressPercent: 100 },
    ]);
    await waitUntil(() => hearing.of('queue_processed_status_update').length === 2, 'both states');
    const states = hearing.of('queue_processed_status_update').map(({ status }) => status);
    expect(states.sort()).toEqual(['ready', 'thinking']);
    expect(grace.events).toEqual([]);
  });

  it('lets nobody else read along, or write there', async () => {
    const path = `/api/conversations/${WITH_GUIDE}/messages`;
    expect(await app.call(path)).toMatchObject({ status: 200 });
    expect(await app.call(path, undefined, 'grace')).toMatchObject({ status: 404 });
    const intrusion = { recipientId: 'guide', conversationId: WITH_GUIDE, content: 'Hi' };
    expect(await app.call('/api/messages', intrusion, 'grace')).toMatchObject({ status: 404 });
    const sealed = { ...intrusion, requiresEncryption: true };
    expect(await app.call('/api/messages', sealed)).toMatchObject({ status: 400 });
    expect(agent.asked).toEqual([]);
  });

  it('asks no agent about a message that breaks a rule, and says why', async () => {
    const ada = await stage.signIn(app, 'ada');
    const hearing = new Hearing(ada);
    await ask('?!');
    await waitUntil(() => answersTo(ada).includes('I see no word in that.'), 'the reason');
    await waitUntil(
      () => hearing.of('queue_processed_status_update').some(({ status }) => status === 'refused'),
      'the status',
    );
    expect(agent.asked).toEqual([]);
  });

  it('adds nothing twice when a handler fails after it has added some and runs again', async () => {
    const added: string[] = [];
    const failed: string[] = [];
    const events = app.app.get(JobEvents, { strict: false });
    const ada = await stage.signIn(app, 'ada');
    const hearing = new Hearing(ada);
    events.on('enqueued', ({ queue: name, jobId }) => void added.push(`${name} ${jobId}`));
    events.on('retrying', ({ queue: name }) => void failed.push(name));
    // The first run breaks off after two pieces; the second one words its answer in another way.
    agent.script = [
      ['One ', 'two ', 'three ', new Error('The agent is away.')],
      ['One ', 'and ', 'two'],
    ];
    const emits = jest.spyOn(app.app.get(MessageQueueService, { strict: false }), 'enqueue');
    let isBroken = false;
    emits.mockImplementation(async function (this: MessageQueueService, ...call) {
      const real = Object.getPrototypeOf(this).enqueue;
      const receipt = await real.apply(this, call);
      // After its last add: everything of the first run is there.
      if (call[0].name === 'validation_requests' && !isBroken) {
        isBroken = true;
        throw new Error('The handler breaks after its adds.');
      }
      return receipt;
    } as typeof queue.enqueue);
    await ask('Count, please');
    await waitUntil(() => answersTo(ada).length === 1, 'the answer');
    emits.mockRestore();
    expect(failed).toEqual(expect.arrayContaining(['chat_messages', 'validation_requests']));
    expect(agent.asked).toHaveLength(2);
    expect(answersTo(ada)).toEqual(['One and two']);
    // But for the action of the idle rule, which each run puts off.
    const own = added.filter(
      (add) => CHAT_QUEUES.some(({ name }) => add.startsWith(`${name} `)) && !add.includes(' idle-'),
    );
    expect(new Set(own).size).toBe(own.length);
    const count = (name: string): number => own.filter((add) => add.startsWith(`${name} `)).length;
    expect(count('validation_requests')).toBe(1);
    expect(count('status_updates')).toBe(2);
    expect(count('agent_responses')).toBe(1);
    expect(count('stream_chunks')).toBe(3);
    const pieces = hearing.of('queue_processed_stream_chunk');
    expect(pieces.map(({ chunkIndex }) => chunkIndex)).toEqual([0, 1, 2]);
  });

  it('speaks up after half an hour without a message, and notes that the conversation goes on after that', async () => {
    const ada = await stage.signIn(app, 'ada');
    const hearing = new Hearing(ada);
    await ask('Are you there?');
    await waitUntil(() => answersTo(ada).length === 1, 'the answer');
    await ask('Still there?');
    await waitUntil(() => answersTo(ada).length === 2, 'the second answer');
    // The conversation has been awake all along.
    expect(hearing.of('queue_processed_conversation_event')).toEqual([]);
    const idle = await onlyIdleAction();
    expect(idle.delay).toBe(IDLE_MS);
    await idle.promote();
    await waitUntil(() => answersTo(ada).some((text) => text.includes('quiet here')), 'the idle rule');
    await waitUntil(() => hearing.of('queue_processed_proactive_action').length === 1, 'it to be over');
    await ask('I am back');
    await waitUntil(() => hearing.of('queue_processed_conversation_event').length === 1, 'the event');
    expect(hearing.of('queue_processed_conversation_event')).toMatchObject([{ eventType: 'resumed' }]);
    expect((await onlyIdleAction()).delay).toBe(IDLE_MS);
  });

  it('answers whoever it does not know over the sockets alone', async () => {
    const about = { userId: 'user123', conversationId: 'conv456', message: 'Hello world!' };
    const { id } = await queue.enqueue(CHAT_MESSAGES_QUEUE, 'process-chat-message', about);
    await waitUntil(
      async () =>
        (await (await queue.getJob('agent_responses', `${id}.validation.response`))?.isCompleted()) === true,
      'the answer',
    );
    expect(await app.status(`${id}.validation.answer`, 'user123')).toBeUndefined();
  });

  async function onlyIdleAction(): Promise<{ delay: number; promote(): Promise<void> }> {
    const proactive = app.app.get<Queue>(getQueueToken('proactive_actions'), { strict: false });
    const delayed = (await proactive.getDelayed()).filter(
      ({ data }) => (data as Told)['conversationId'] === WITH_GUIDE,
    );
    expect(delayed).toHaveLength(1);
    return { delay: delayed[0]!.opts.delay!, promote: () => delayed[0]!.promote() };
  }
});
