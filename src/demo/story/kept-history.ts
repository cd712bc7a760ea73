import { MessageQueueService, QueueName } from '../../message-queue/index.js';
import type { Stage } from '../stage/stage.js';
import { until } from './until.js';

const QUEUE = QueueName.MESSAGE_INDEXING;

/** What is kept of what happened, as the console shows it: asked for one queue, whose jobs the story counts too. */
export class KeptHistory {
  private before = 0;

  constructor(private readonly stage: Pick<Stage, 'app' | 'statistics'>) {}

  /** An earlier run may have used the same Redis. */
  async begin(): Promise<void> {
    this.before = await this.completed();
  }

  /** How many jobs of the queue this run has completed, once the history of all processes tells of them. @throws the signal's reason */
  async indexed(signal: AbortSignal): Promise<number> {
    const [row] = this.stage.statistics.rows([QUEUE]);
    const isThere = async (): Promise<boolean> =>
      (await this.completed()) - this.before >= (row?.succeeded ?? 0);
    await until(isThere, 'the history to tell of the story', signal);
    return (await this.completed()) - this.before;
  }

  private async completed(): Promise<number> {
    const { points } = await this.stage.app.get(MessageQueueService).getQueueHistory(QUEUE, { hours: 1 });
    return points.reduce((sum, { completed }) => sum + completed, 0);
  }
}
