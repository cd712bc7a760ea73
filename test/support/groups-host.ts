import { IsString } from 'class-validator';
import { defineQueue, JobHandler, MessageQueueModule, Processor } from '../../src/message-queue/index.js';

class LetterDto {
  @IsString() text!: string;
}

/** A queue whose jobs have keys and tenants. */
export const LETTERS = defineQueue({
  name: 'letters',
  description: 'Letters, in the order of their conversations.',
  jobs: { post: LetterDto },
  ...{ concurrency: 5, attempts: 1, backoff: { type: 'fixed', delayMs: 1 }, timeoutMs: 60_000 },
  flow: { key: {}, tenant: { concurrency: 2 } },
});

/** Letters that are torn fail for good, until they are mended; those that are held wait until the test lets them go. */
@Processor(LETTERS.name)
export class LetterProcessor {
  readonly posted: string[] = [];
  isMended = false;
  private letGo: () => void = () => undefined;
  private readonly held = new Promise<void>((resolve) => {
    this.letGo = resolve;
  });

  @JobHandler(LETTERS, 'post')
  async post({ text }: LetterDto): Promise<void> {
    if (text === 'held') await this.held;
    if (text === 'torn' && !this.isMended) throw new Error('It is torn.');
    this.posted.push(text);
  }

  /** Lets what is held go. */
  release(): void {
    this.letGo();
  }
}

/** What an app with the queue imports, and its provider. */
export const LETTERS_APP = {
  imports: [MessageQueueModule.registerQueue(LETTERS)],
  providers: [LetterProcessor],
};
