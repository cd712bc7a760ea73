import { Injectable } from '@nestjs/common';
import { SocketIoTransport } from '../../message-queue/adapters/socket-io/index.js';
import type { JobContext } from '../../message-queue/index.js';

/**
 * What the processors of the app's own queues share: they tell a user's sockets what has been processed. A job that runs twice
 * tells it twice, with the same `jobId`.
 */
@Injectable()
export abstract class UserEventProcessor {
  constructor(private readonly sockets: SocketIoTransport) {}

  protected async publish(
    event: string,
    payload: { readonly userId: string },
    { jobId, signal, progress }: JobContext,
  ): Promise<void> {
    await this.sockets.emitToUser(payload.userId, event, { jobId, ...payload }, signal);
    await progress({ percentage: 100, step: 'published' });
  }
}
