import { DeviceFeed } from '../../message-queue/ports/index.js';
import type { SecondDevice } from '../stage/chat-clients.js';
import type { Stage } from '../stage/stage.js';
import type { ExpectedOutcome, SampleConversation, SampleMessage } from './conversation.js';
import { until } from './until.js';

/** The second device of somebody: it is away while everybody writes, and catches up when it is back. */
export class AwayDevice {
  private device: SecondDevice | undefined;

  constructor(
    private readonly stage: Stage,
    private readonly sample: SampleConversation,
    private readonly idOf: (sampleId: string) => string,
  ) {}

  /** It says who it is, and leaves. */
  async leave(url: string, signal: AbortSignal): Promise<void> {
    const { user } = this.sample.secondDevice;
    const device = await this.stage.clients.connectSecond(url, user);
    const feed = this.stage.app.get(DeviceFeed);
    const isKnown = async (): Promise<boolean> =>
      (await feed.listDevices(user)).some(({ deviceId }) => deviceId === device.id);
    await until(isKnown, 'the second device to be known', signal);
    device.leave();
    this.device = device;
  }

  /** It connects again. */
  async comeBack(): Promise<void> {
    await this.device?.comeBack();
  }

  /** Whether it has what it missed. */
  get hasCaughtUp(): boolean {
    const { missed, caughtUp } = this.outcome;
    return caughtUp === missed;
  }

  /** What it has of the messages to its user. */
  get outcome(): ExpectedOutcome['secondDevice'] {
    const { messages, secondDevice } = this.sample;
    const placeOf = ({ id }: SampleMessage): number => this.device?.messageIds.indexOf(this.idOf(id)) ?? -1;
    const missed = messages.filter(({ to }) => to === secondDevice.user);
    const arrived = missed.filter((message) => placeOf(message) >= 0);
    const inOrder = arrived.filter((message, index) =>
      arrived
        .slice(0, index)
        .every(
          (earlier) => earlier.conversation !== message.conversation || placeOf(earlier) < placeOf(message),
        ),
    );
    return { missed: missed.length, caughtUp: arrived.length, inOrder: inOrder.length };
  }
}
