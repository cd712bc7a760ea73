import type { INestApplicationContext } from '@nestjs/common';
import { SocketIoTransport } from '../../message-queue/adapters/socket-io/index.js';
import type { DeviceStores, SocketIoTransportOptions } from '../../message-queue/adapters/socket-io/index.js';
import { UnrecoverableJobError } from '../../message-queue/index.js';
import type { PublicationSeal, TransportMessage, TransportReceipt } from '../../message-queue/ports/index.js';

/** What is wrong with the line for some messages, by their ids: how many deliveries fail before the first works, or `rejected`: all, until somebody mends it. */
export type LineTroubles = Readonly<Record<string, number | 'rejected'>>;

/** Socket.IO over a line that has troubles with messages that the story names. */
export class FlakyTransport extends SocketIoTransport {
  private readonly troubles: Map<string, number | 'rejected'>;

  constructor(
    options: SocketIoTransportOptions,
    seal: PublicationSeal,
    stores: DeviceStores,
    troubles: LineTroubles,
  ) {
    super(options, seal, stores);
    this.troubles = new Map(Object.entries(troubles));
  }

  override async deliver(message: TransportMessage, signal: AbortSignal): Promise<TransportReceipt> {
    const trouble = this.troubles.get(message.messageId) ?? 0;
    if (trouble === 'rejected')
      throw new UnrecoverableJobError('The device of the recipient rejects this message.');
    if (trouble > 0) {
      this.troubles.set(message.messageId, trouble - 1);
      throw Object.assign(new Error('The line to the recipient dropped.'), { code: 'ECONNRESET' });
    }
    return super.deliver(message, signal);
  }

  /** Somebody repaired the line: it has no troubles any more. */
  mend(): void {
    this.troubles.clear();
  }
}

/** The line of the process that runs the jobs. */
export function lineOf(app: INestApplicationContext): FlakyTransport {
  return app.get<SocketIoTransport, FlakyTransport>(SocketIoTransport);
}
