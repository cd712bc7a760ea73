import { JobMiddlewareStack } from './job-middleware.js';
import type { JobMiddleware, MiddlewareContext } from './job-middleware.js';

const contextOf = (queue: string): MiddlewareContext => ({ queue, payload: {} }) as MiddlewareContext;

function tracing(trace: string[], name: string): JobMiddleware {
  return async (_context, next) => {
    trace.push(`> ${name}`);
    try {
      return `${name}(${String(await next())})`;
    } catch (error) {
      trace.push(`! ${name}`);
      throw error;
    } finally {
      trace.push(`< ${name}`);
    }
  };
}

describe('JobMiddlewareStack', () => {
  it('wraps the handler in the order registered, for all queues or one', async () => {
    const trace: string[] = [];
    const stack = new JobMiddlewareStack([tracing(trace, 'all')]);
    stack.use(tracing(trace, 'only-a'), 'a');
    stack.use(tracing(trace, 'last'));
    expect(await stack.run(contextOf('a'), async () => 'done')).toBe('all(only-a(last(done)))');
    expect(trace).toEqual(['> all', '> only-a', '> last', '< last', '< only-a', '< all']);
    expect(await stack.run(contextOf('b'), async () => 'done')).toBe('all(last(done))');
  });

  it('counts what is added after the first job', async () => {
    const stack = new JobMiddlewareStack();
    expect(await stack.run(contextOf('a'), async () => 1)).toBe(1);
    stack.use(async () => 2);
    expect(await stack.run(contextOf('a'), async () => 1)).toBe(2);
  });

  it('shows errors to every layer, and lets one answer instead', async () => {
    const trace: string[] = [];
    const stack = new JobMiddlewareStack([
      { middleware: (_context, next) => next().catch((error: unknown) => `saved from ${String(error)}`) },
      { middleware: tracing(trace, 'inner') },
    ]);
    const failing = async (): Promise<never> => Promise.reject(new Error('boom'));
    expect(await stack.run(contextOf('a'), failing)).toBe('saved from Error: boom');
    expect(trace).toEqual(['> inner', '! inner', '< inner']);
  });

  it('turns a synchronous throw into a rejection', async () => {
    const stack = new JobMiddlewareStack([
      {
        middleware: () => {
          throw new Error('sync');
        },
      },
    ]);
    await expect(stack.run(contextOf('a'), async () => 1)).rejects.toThrow('sync');
  });

  it('refuses a second next(): the handler runs once', async () => {
    let runs = 0;
    const greedy: JobMiddleware = async (_context, next) => {
      await next();
      return next();
    };
    const stack = new JobMiddlewareStack([{ middleware: greedy }]);
    await expect(stack.run(contextOf('a'), async () => ++runs)).rejects.toThrow(
      /greedy called next\(\) twice/,
    );
    expect(runs).toBe(1);
  });
});
