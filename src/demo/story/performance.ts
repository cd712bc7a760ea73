import { MESSAGE_QUEUE_CONFIG } from '../../message-queue/index.js';
import { BUILT_IN_QUEUES } from '../../message-queue/queues/index.js';
import type { MessageQueueConfig } from '../../message-queue/index.js';
import { closeCase, receiptText } from './closed-case.js';
import { loadExpectedOutcome } from './conversation.js';
import type { ExpectedOutcome, SampleConversation } from './conversation.js';
import { differences, readOutcome } from './outcome.js';
import { KeptHistory } from './kept-history.js';
import { ParkedConversation } from './parked-conversation.js';
import { ProgressLine } from '../display/progress-line.js';
import type { Stage } from '../stage/stage.js';
import type { Story } from './story.js';
import { renderTable } from '../display/table.js';
import { until } from './until.js';
import { WaitAlert } from './wait-alert.js';
import type { ErasureReceipt } from '../../message-queue/operations/index.js';

const QUEUES = BUILT_IN_QUEUES.map(({ name }) => name);

/** Plays a story on its stage and prints what happens. */
export class Performance {
  private readonly alert: WaitAlert;
  private readonly history: KeptHistory;

  constructor(
    private readonly stage: Stage,
    private readonly story: Story,
    private readonly sample: SampleConversation,
    private readonly signal: AbortSignal,
  ) {
    this.alert = new WaitAlert(stage);
    this.history = new KeptHistory(stage);
  }

  /**
   * Plays all acts.
   * @returns whether everything came out as expected
   * @throws the signal's reason
   */
  async play(): Promise<boolean> {
    this.announce();
    const { story } = this;
    await story.prepare(this.signal);
    await this.history.begin();
    await this.act(
      'send, deliver, read',
      () => story.send(),
      () => story.hasArrived,
    );
    await this.act(
      'catch up, edit, clean up',
      () => story.followUp(),
      () => story.away.hasCaughtUp,
    );
    for (const letter of await story.deadLetters()) console.log(`  dead letter: ${letter}`);
    let replayed = 0;
    await this.act('repair and replay', async () => {
      replayed = await story.repair();
    });
    const parked = await this.park();
    let receipt: ErasureReceipt | undefined;
    await this.act('close a case, shred it', async () => {
      receipt = await closeCase(this.stage, story, this.sample);
    });
    if (receipt === undefined) throw new Error('The case was not shredded.');
    console.log(receiptText(receipt));
    return this.report(replayed, parked, receipt);
  }

  /** A conversation stands still for one of its messages, and goes on. @returns what came of it */
  private async park(): Promise<ExpectedOutcome['parked']> {
    const conversation = new ParkedConversation(this.stage, this.story, this.sample.parked);
    await this.act(
      'a message is rejected',
      () => conversation.send(),
      async () => conversation.isParked && (await this.alert.isFiring()),
      conversation.behind,
    );
    const { counts, text } = await conversation.look();
    console.log(text);
    console.log(this.alert.text);
    await this.act(
      'mend, release',
      () => conversation.release(),
      async () => conversation.isDelivered && (await this.alert.isOver()),
    );
    console.log('  the alert is over');
    return { ...counts, deliveredInOrder: conversation.deliveredInOrder };
  }

  private announce(): void {
    const { messages, announcement, trouble, secondDevice, parked } = this.sample;
    const { provider } = this.stage.app.get<MessageQueueConfig>(MESSAGE_QUEUE_CONFIG);
    console.log(`
  ${messages.length} messages in six languages, and an announcement to ${announcement.recipients} neighbours.
  Queues: ${provider}. Messages: ${this.stage.store}. Devices: Socket.IO clients.
  Mail: an SMTP server on loopback. Jobs run in ${this.stage.workers}.
  Troubles ahead: ${trouble.flaky.story};
  ${trouble.greylisted.story};
  ${secondDevice.story};
  ${trouble.dead.story};
  ${trouble.left.story};
  ${parked.poison.story}.
  At the end a case is closed: its messages, a reminder that waits for tomorrow,
  and the key that sealed it are destroyed.
`);
  }

  /** Ends when all jobs have ended but those that are `held`, those included that others have added, and `isOver`. */
  private async act(
    label: string,
    play: () => Promise<void>,
    isOver: () => boolean | Promise<boolean> = () => true,
    held = 0,
  ): Promise<void> {
    const { statistics } = this.stage;
    const line = new ProgressLine(statistics);
    line.start(label);
    try {
      await play();
      await until(
        async () => statistics.progress.ended === statistics.progress.total - held && (await isOver()),
        `the act "${label}" to end`,
        this.signal,
      );
    } finally {
      line.stop(label);
    }
  }

  private async report(
    replayed: number,
    parked: ExpectedOutcome['parked'],
    receipt: ErasureReceipt,
  ): Promise<boolean> {
    const { stage, story, sample } = this;
    const alerts = await this.alert.outcome();
    const history = { indexed: await this.history.indexed(this.signal) };
    const outcome = await readOutcome(stage, story, sample, { replayed, parked, alerts, history }, receipt);
    const rows = stage.statistics
      .rows(QUEUES)
      .map(({ queue, jobs, succeeded, retried, deadLettered, shredded, medianWaitMs, medianRunMs }) => [
        ...[queue, jobs, succeeded, retried, deadLettered, shredded, medianWaitMs, medianRunMs],
      ]);
    const header = ['queue', 'jobs', 'succeeded', 'retried', 'dead', 'shredded', 'wait ms', 'run ms'];
    console.log(`\n${renderTable(header, rows)}\n`);
    const different = differences(loadExpectedOutcome(), outcome);
    for (const line of different) console.log(`  ✗ ${line}`);
    console.log(
      different.length === 0
        ? '  ✓ Everything came out as examples/expected.json says.'
        : `  ${different.length} of the expected results differ.`,
    );
    return different.length === 0;
  }
}
