import type { Provider } from '@nestjs/common';
import { Clock, SystemClock } from '../../src/kernel/time/clock.js';
import { UnrecoverableJobError } from '../../src/message-queue/index.js';
import {
  EmailChannel,
  InAppChannel,
  MessageTransport,
  PushChannel,
  SmsChannel,
} from '../../src/message-queue/ports/index.js';
import type { TransportMessage, TransportReceipt } from '../../src/message-queue/ports/index.js';

/** The time of this machine, some days on. */
export class ForwardClock extends SystemClock {
  aheadMs = 0;

  override now(): number {
    return super.now() + this.aheadMs;
  }
}

const sent = () => Promise.resolve({ outcome: 'sent' } as const);

/** Keeps nothing of what it hands over; to some it cannot, and says it with the text. */
class Line extends MessageTransport {
  override deliver({ recipientId, content }: TransportMessage): Promise<TransportReceipt> {
    if (recipientId === 'lost') throw new UnrecoverableJobError(`cannot deliver "${content}"`);
    if (recipientId !== 'gone') return Promise.resolve({ outcome: 'sent', reached: 1 });
    return Promise.resolve({ outcome: 'refused', reached: 0, reason: `is gone: "${content}"` });
  }
}

class Push extends PushChannel {
  override send = sent;
}
class Mail extends EmailChannel {
  override send = sent;
}
class Sms extends SmsChannel {
  override send = sent;
}
class InApp extends InAppChannel {
  override send = sent;
}

/** What nobody outside of the app keeps for us, and a clock that can be set forward. */
export function outsideWorld(clock: ForwardClock): Provider[] {
  return [
    { provide: Clock, useValue: clock },
    { provide: MessageTransport, useClass: Line },
    { provide: PushChannel, useClass: Push },
    { provide: EmailChannel, useClass: Mail },
    { provide: SmsChannel, useClass: Sms },
    { provide: InAppChannel, useClass: InApp },
  ];
}
