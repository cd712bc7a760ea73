import { MessageQueueService, QueueName } from '../../message-queue/index.js';
import type { AlertStatus, OperationsOptions } from '../../message-queue/operations/index.js';
import type { ExpectedOutcome } from './conversation.js';
import type { Stage } from '../stage/stage.js';

const RULE = 'OldestJobWaits';
const QUEUE = QueueName.MESSAGE_DELIVERY;
const WAITS_MS = 2_000;
const WIDTH = 78;

/** Alerts that are quick enough for a story: looked at each second, and over as soon as nothing waits any more. */
export const DEMO_ALERTS: OperationsOptions['alerts'] = {
  everyMs: 1_000,
  rules: {
    [RULE]: { queues: [QUEUE], above: WAITS_MS, clear: WAITS_MS, forMs: 0, clearForMs: 0 },
    // Two mails of two dozen are refused on purpose.
    FailureRateHigh: { above: 0.5 },
  },
};

/** The alert that a conversation which stands still raises. */
export class WaitAlert {
  private readonly startedAt = Date.now();
  private fired: AlertStatus | undefined;

  constructor(private readonly stage: Pick<Stage, 'app'>) {}

  /** Whether it fires. */
  async isFiring(): Promise<boolean> {
    const alert = await this.find();
    if (alert?.state === 'firing') this.fired = alert;
    return alert?.state === 'firing';
  }

  /** Whether it is over. */
  async isOver(): Promise<boolean> {
    return (await this.find())?.state === 'ok';
  }

  /** Whether it has fired in this run, and whether that is over, as the alerts of all processes tell. */
  async outcome(): Promise<ExpectedOutcome['alerts']> {
    const alert = await this.find();
    const hasFired = (alert?.firedAt?.getTime() ?? 0) >= this.startedAt;
    return { fired: Number(hasFired), resolved: Number(hasFired && alert?.state === 'ok') };
  }

  /** What it said, and what to do about it. */
  get text(): string {
    const { rule, message, action } = this.fired ?? { rule: RULE, message: '', action: '' };
    return wrapped(`  alert ${rule} fires:`, `${message} ${action}`);
  }

  private async find(): Promise<AlertStatus | undefined> {
    const alerts = await this.stage.app.get(MessageQueueService).listAlerts();
    return alerts.find(({ rule, queue }) => rule === RULE && queue === QUEUE);
  }
}

/** Lines of a terminal's width, the first one as a title. */
function wrapped(title: string, text: string): string {
  const lines = [title];
  let line = '   ';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
