import { MessageQueueService } from '../../message-queue/index.js';
import type { AlertStatus } from '../../message-queue/operations/index.js';
import { WAIT_RULE, WAITING_QUEUE } from '../stage/demo-alerts.js';
import type { Stage } from '../stage/stage.js';
import type { ExpectedOutcome } from './conversation.js';

const WIDTH = 78;

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
    const { rule, message, action } = this.fired ?? { rule: WAIT_RULE, message: '', action: '' };
    return wrapped(`  alert ${rule} fires:`, `${message} ${action}`);
  }

  private async find(): Promise<AlertStatus | undefined> {
    const alerts = await this.stage.app.get(MessageQueueService).listAlerts();
    return alerts.find(({ rule, queue }) => rule === WAIT_RULE && queue === WAITING_QUEUE);
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
