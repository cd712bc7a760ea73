import type { OnApplicationShutdown } from '@nestjs/common';
import type { Broker } from '../broker/broker.js';

/** Closes a broker when everything that might still add a job is gone: last of all shutdown hooks. */
export class BrokerCloser implements OnApplicationShutdown {
  constructor(private readonly broker: Broker) {}

  async onApplicationShutdown(): Promise<void> {
    await this.broker.close();
  }
}
