import { Injectable } from '@nestjs/common';
import { MessageTransport } from '../../ports/messages/message-transport.js';
import type {
  StatusAnnouncement,
  TransportMessage,
  TransportOutcome,
  TransportReceipt,
} from '../../ports/messages/message-transport.js';
import { CallRecorder } from './call-recorder.js';

/** Reaches everybody and sends nothing; recipients named with `setOutcome` are offline, or confirm at once. */
@Injectable()
export class RecordingMessageTransport extends MessageTransport {
  readonly recorder = new CallRecorder();
  private readonly outcomes = new Map<string, TransportOutcome>();

  /** What handing over to a recipient gives from now on. Default `sent`. */
  setOutcome(recipientId: string, outcome: TransportOutcome): void {
    this.outcomes.set(recipientId, outcome);
  }

  /** What was handed over, repeats and failures included; of the last 10 000 calls. */
  get delivered(): readonly TransportMessage[] {
    return this.recorder.callsOf('deliver').map((call) => call.args[0] as TransportMessage);
  }

  override deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    return this.recorder.run('deliver', [message], signal, () => {
      const outcome = this.outcomes.get(message.recipientId) ?? 'sent';
      return { outcome, reached: outcome === 'offline' ? 0 : 1 };
    });
  }

  override announceStatus(announcement: StatusAnnouncement, signal: AbortSignal): Promise<void> {
    return this.recorder.run('announceStatus', [announcement], signal, () => undefined);
  }
}
