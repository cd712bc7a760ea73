import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { JobHandler, MessageQueueModule, Processor } from 'nestjs-message-queue';
import { MessageQueueTestingModule, MessageQueueTestKit } from 'nestjs-message-queue/testing';
import { OutgoingProcessor, Post } from './outgoing.processor.js';
import type { SmsAnswer } from './outgoing.processor.js';
import { OUTGOING, REPORTS } from './outgoing.queue.js';
import type { OutgoingDto } from './outgoing.queue.js';
import { OutgoingService } from './outgoing.service.js';

/** Keeps what it sends, and has bad days. */
class RememberingPost extends Post {
  readonly sent: string[] = [];
  readonly refused = new Set<string>();

  async send(text: string): Promise<void> {
    if (this.refused.has(text)) throw new Error('Nobody takes it.');
    this.sent.push(text);
  }

  async sms(text: string): Promise<SmsAnswer> {
    this.sent.push(text);
    return {};
  }
}

@Processor(REPORTS.name)
class ReportProcessor {
  @JobHandler(REPORTS, 'write')
  async write(): Promise<void> {}
}

describe('The example of docs/flow.md', () => {
  let app: TestingModule;
  let kit: MessageQueueTestKit;
  let post: RememberingPost;
  let outgoing: OutgoingService;

  beforeEach(async () => {
    app = await Test.createTestingModule({
      imports: [
        MessageQueueTestingModule.register(),
        MessageQueueModule.registerQueue(OUTGOING),
        MessageQueueModule.registerQueue(REPORTS),
      ],
      providers: [
        ...[OutgoingProcessor, OutgoingService, ReportProcessor],
        { provide: Post, useClass: RememberingPost },
      ],
    }).compile();
    await app.init();
    kit = app.get(MessageQueueTestKit);
    post = app.get(Post);
    outgoing = app.get(OutgoingService);
  });
  afterEach(() => app.close());

  const message = (text: string, conversationId = 'c-1'): OutgoingDto => ({
    ...{ conversationId, tenantId: 'acme', text },
  });
  const send = async (...texts: string[]): Promise<void> => {
    for (const text of texts) await outgoing.send(message(text));
  };

  it('keeps a conversation in order, and stops it alone for what nobody takes, until it is released', async () => {
    post.refused.add('two');
    await send('one', 'two', 'three');
    await outgoing.send(message('other', 'c-2'));
    await kit.drain();
    expect(await kit.advance('1h')).toMatchObject({ deadLettered: 1 });
    expect([...post.sent].sort()).toEqual(['one', 'other']);
    post.refused.clear();
    expect(await outgoing.releaseAll()).toEqual(['c-1']);
    await kit.advance('1h');
    expect(post.sent.slice(-2)).toEqual(['two', 'three']);
  });

  it('stops a conversation by hand', async () => {
    await outgoing.stop('c-1', 'ticket-4711');
    await send('one', 'two');
    await kit.advance('1h');
    expect(post.sent).toEqual([]);
    await outgoing.goOn('c-1');
    await kit.advance('1h');
    expect(post.sent).toEqual(['one', 'two']);
  });

  it('lets a tenant have more of its jobs run', async () => {
    await outgoing.widen('acme', 4);
    expect(await kit.group(REPORTS, { tenant: 'acme' }).status()).toMatchObject({ slots: 4 });
    await outgoing.widen('acme', null);
    expect((await kit.group(REPORTS, { tenant: 'acme' }).status()).slots).toBeUndefined();
  });
});
