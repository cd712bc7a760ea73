import 'reflect-metadata';
import { fakeJobContext } from '../../../../test/support/job-context.js';
import { InMemorySearchIndex } from '../../adapters/in-memory/index.js';
import { RetryLater } from '../../jobs/errors.js';
import { ManualCircuitBreakers } from '../../testing/manual-circuit-breakers.js';
import { ManualClock } from '../../../kernel/time/manual-clock.js';
import { ReindexProcessor } from './reindex.processor.js';

/** An index with so many documents to fold again, of which each step takes a while. */
class OldIndex extends InMemorySearchIndex {
  readonly pages: number[] = [];

  constructor(
    public left: number,
    private readonly afterPage: () => void | Promise<void> = () => undefined,
  ) {
    super();
  }

  override countOutdated(): Promise<number> {
    return Promise.resolve(this.left);
  }

  override async refold(limit: number): Promise<number> {
    const folded = Math.min(limit, this.left);
    this.left -= folded;
    this.pages.push(folded);
    await this.afterPage();
    return folded;
  }
}

describe('reindex-messages', () => {
  const createdAt = new Date();

  it('folds all of them page by page, and shows how far it is', async () => {
    const index = new OldIndex(25);
    const context = fakeJobContext();
    const processor = new ReindexProcessor(index, new ManualClock(), new ManualCircuitBreakers());
    expect(await processor.processReindex({ pageSize: 10, createdAt }, context)).toEqual({ folded: 25 });
    expect(index.pages).toEqual([10, 10, 5]);
    expect(context.reported.map(({ percentage, data }) => [percentage, data?.['left']])).toEqual([
      ...[
        [40, 15],
        [80, 5],
        [99, 0],
        [100, 0],
      ],
    ]);
    expect(await processor.processReindex({ createdAt }, context)).toEqual({ folded: 0 });
  });

  it('makes room after a while, spends no attempt, and goes on where it was', async () => {
    const clock = new ManualClock();
    const index = new OldIndex(100, () => clock.advance(7_000));
    const processor = new ReindexProcessor(index, clock, new ManualCircuitBreakers());
    const run = (): Promise<unknown> =>
      processor.processReindex({ pageSize: 20, createdAt }, fakeJobContext());
    const failure = await run().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryLater);
    expect(failure).toMatchObject({ delayMs: 1_000, message: '40 messages are left to fold again.' });
    expect(await run()).toEqual({ folded: 40 });
  });

  it('stops between two pages, and while the index is away', async () => {
    const breakers = new ManualCircuitBreakers();
    const context = fakeJobContext();
    const reason = new Error('cancelled');
    const index = new OldIndex(100, () => context.abort(reason));
    const processor = new ReindexProcessor(index, new ManualClock(), breakers);
    await expect(processor.processReindex({ pageSize: 20, createdAt }, context)).rejects.toBe(reason);
    expect(index.pages).toEqual([20]);
    breakers.open('search');
    await expect(processor.processReindex({ createdAt }, fakeJobContext())).rejects.toMatchObject({
      code: 'CIRCUIT_OPEN',
    });
  });

  it('waits while others write all that are left', async () => {
    const index = new OldIndex(3);
    index.refold = () => Promise.resolve(0);
    const processor = new ReindexProcessor(index, new ManualClock(), new ManualCircuitBreakers());
    await expect(processor.processReindex({ createdAt }, fakeJobContext())).rejects.toBeInstanceOf(
      RetryLater,
    );
  });
});
