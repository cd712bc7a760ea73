import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import { inRootContext } from '../../../kernel/host/root-context.js';

/** Keeps connections for the next request, so they belong to none: each is opened in nobody's context. */
export class KeepingAgent extends Agent {
  override createConnection(...args: Parameters<Agent['createConnection']>): Duplex | null | undefined {
    return inRootContext(() => super.createConnection(...args));
  }
}
