import { OnQueueError, Process, Processor } from '@nestjs/bull';
import type { Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HandlerRegistrationError } from '../jobs/errors.js';
import { HandlerRegistry } from './handler-registry.js';
import { checkHandlers } from './handler-rules.js';
import type { HandledRun } from './job-context.js';
import type { ErrorVerdict } from './job-error-policy.js';
import { NestEnhancers } from './nest-enhancers.js';
import { JobHandler } from './job-handler.decorator.js';
import type { ProcessorSource } from './processor-scan.js';
import { defineQueue } from '../jobs/queue-definition.js';
import type { QueueDefinition } from '../jobs/queue-definition.js';

class Payload {}

const queueOf = (name: string, jobs: readonly string[]): QueueDefinition =>
  defineQueue({
    name,
    description: name,
    jobs: Object.fromEntries(jobs.map((job) => [job, Payload])),
    concurrency: 1,
    attempts: 3,
    backoff: { type: 'fixed', delayMs: 1 },
    timeoutMs: 1000,
  });

const mail = queueOf('mail', ['send', 'confirm']);
const context = {} as HandledRun;

@Processor('mail')
class MailProcessor {
  readonly greeting = 'sent';

  @JobHandler('send', { timeoutMs: 5, attempts: 2 })
  async send(payload: object): Promise<unknown> {
    return [this.greeting, payload];
  }

  @JobHandler('confirm')
  confirm(): never {
    throw new Error('synchronous');
  }

  onError(error: Error): ErrorVerdict | undefined {
    return error.message === 'hopeless' ? 'dead-letter' : undefined;
  }
}

const sourceOf = (type: Type<object>, more: Partial<ProcessorSource> = {}): ProcessorSource => ({
  type,
  instance: null,
  scoped: false,
  module: 'TestModule',
  ...more,
});

function problems(types: readonly Type<object>[], definitions = [mail], worked?: string[]): string {
  try {
    checkHandlers(
      types.map((type) => sourceOf(type)),
      { definitions, worked },
    );
  } catch (error) {
    if (error instanceof HandlerRegistrationError) return error.message;
    throw error;
  }
  return '';
}

describe('HandlerRegistry', () => {
  const registry = new HandlerRegistry();
  registry.load([sourceOf(MailProcessor, { instance: new MailProcessor() }), sourceOf(Payload)], {
    definitions: [mail],
  });

  it('finds the method of a job name, with its options and name', () => {
    expect(registry.handlerOf('mail', 'send')).toMatchObject({
      name: 'MailProcessor.send',
      options: { timeoutMs: 5, attempts: 2 },
    });
    expect(registry.handlerOf('mail', 'nope')).toBeUndefined();
    expect(registry.handlerOf('nope', 'send')).toBeUndefined();
    expect(registry.all().map(({ jobName }) => jobName)).toEqual(['send', 'confirm']);
  });

  it('calls it on its instance, and makes a rejection of a synchronous throw', async () => {
    expect(await registry.handlerOf('mail', 'send')?.handle({ a: 1 }, context)).toEqual(['sent', { a: 1 }]);
    await expect(registry.handlerOf('mail', 'confirm')?.handle({}, context)).rejects.toThrow('synchronous');
  });

  it('calls a method without enhancers directly', async () => {
    const enhancers = new NestEnhancers(new ModulesContainer());
    const enhance = jest.spyOn(enhancers, 'enhance');
    const direct = new HandlerRegistry();
    const source = sourceOf(MailProcessor, { instance: new MailProcessor() });
    direct.load([source], { definitions: [mail] }, enhancers);
    await direct.handlerOf('mail', 'send')?.handle({}, context);
    expect(enhance).not.toHaveBeenCalled();
  });

  it('asks the processor about errors', () => {
    const handler = registry.handlerOf('mail', 'send');
    expect(handler?.judge(new Error('hopeless'), context)).toBe('dead-letter');
    expect(handler?.judge(new Error('other'), context)).toBeUndefined();
  });

  it('takes a listener of queue errors for what it is', () => {
    @Processor('mail')
    class Listening extends MailProcessor {
      @OnQueueError()
      override onError(): ErrorVerdict {
        return 'dead-letter';
      }
    }
    const listening = new HandlerRegistry();
    listening.load([sourceOf(Listening, { instance: new Listening() })], { definitions: [mail] });
    expect(listening.handlerOf('mail', 'send')?.judge(new Error('x'), context)).toBeUndefined();
  });

  it('refuses to load a class that has no instance yet', () => {
    expect(() => new HandlerRegistry().load([sourceOf(MailProcessor)], { definitions: [mail] })).toThrow(
      /Nest has not created MailProcessor/,
    );
  });
});

describe('checkHandlers', () => {
  it('is content with one handler per job, before instances exist', () => {
    expect(problems([MailProcessor, Payload])).toBe('');
  });

  it('names a job without handler and how to write one, unless this process does not work on its queue', () => {
    const message = problems([MailProcessor], [mail, queueOf('sms', ['text'])]);
    expect(message).toContain('Job "text" of queue "sms" has no handler');
    expect(message).toContain("@JobHandler('text')");
    expect(message).toContain("@Processor('sms')");
    expect(problems([MailProcessor], [mail, queueOf('sms', ['text'])], ['mail'])).toBe('');
  });

  it('names both places of a job with two handlers, in every process', () => {
    @Processor('mail')
    class Second {
      @JobHandler('send')
      again(): void {}
    }
    const message = problems([MailProcessor, Second], [mail], []);
    expect(message).toContain(
      'has 2 handlers: MailProcessor.send (in TestModule) and Second.again (in TestModule)',
    );
  });

  it('guesses what a handler of an unknown job meant', () => {
    @Processor('mail')
    class Typo {
      @JobHandler('sned')
      send(): void {}
    }
    expect(problems([MailProcessor, Typo])).toMatch(/Typo\.send handles "sned".*Did you mean "send"/);
  });

  it('misses the class of a handler that is defined with another queue', () => {
    @Processor('mail')
    class Misplaced extends MailProcessor {
      @JobHandler(queueOf('sms', ['text']), 'text')
      text(): void {}
    }
    expect(problems([Misplaced])).toContain(
      `Misplaced.text handles a job of queue "sms", but its class is @Processor('mail'). Move the method to a class with @Processor('sms').`,
    );
  });

  it('shows the fix for a plain @Process on a managed queue', () => {
    @Processor('mail')
    class Plain extends MailProcessor {
      @Process({ name: 'confirm', concurrency: 5 })
      late(): void {}
    }
    expect(problems([Plain])).toMatch(/Plain\.late is a plain @Process.*Write @JobHandler\('confirm'\)/);
  });

  it('leaves queues alone that are not ours', () => {
    @Processor('other')
    class Other {
      @Process()
      run(): void {}
    }
    expect(problems([MailProcessor, Other])).toBe('');
  });

  it('misses @Processor, and the queue of a @Processor', () => {
    class Bare {
      @JobHandler('send')
      send(): void {}
    }
    @Processor('mial')
    class Elsewhere {
      @JobHandler('send')
      send(): void {}
    }
    expect(problems([MailProcessor, Bare])).toContain(
      'Bare has @JobHandler methods (send) but no @Processor',
    );
    expect(problems([MailProcessor, Elsewhere])).toMatch(/"mial" is not registered\. Did you mean "mail"/);
  });

  it('checks the options of a handler', () => {
    @Processor('mail')
    class Options extends MailProcessor {
      @JobHandler('send', { attempts: 0, timeoutMs: Number.NaN })
      override async send(): Promise<unknown> {
        return undefined;
      }
    }
    const message = problems([Options]);
    expect(message).toContain('Options.send: attempts must be');
    expect(message).toContain('Options.send: timeoutMs must be');
  });

  it('refuses onJobEnd on a class that is made per job', () => {
    class Listener extends MailProcessor {
      onJobEnd(): void {}
    }
    const check = (scoped: boolean) => (): void =>
      checkHandlers([sourceOf(Listener, { scoped })], { definitions: [mail] });
    expect(check(true)).toThrow(/Listener\.onJobEnd is never called: .* Move onJobEnd to a singleton/);
    expect(check(false)).not.toThrow();
  });

  it('lists all mistakes at once', () => {
    expect(problems([]).split('\n')).toHaveLength(3);
  });
});
