import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { inRootContext } from '../../../kernel/host/root-context.js';
import type { HttpStep } from '../http/mount.js';
import { refuse } from '../http/refuse.js';
import { settlesWithin } from '../../../kernel/time/settles-within.js';

/** Something that the port serves. */
export interface ProbeRoute {
  readonly address: string;
  readonly step: HttpStep;
}

/** How long a request may take to arrive, milliseconds: nobody may keep the few connections. */
const REQUEST_TIMEOUT_MS = 5_000;
const MOST_CONNECTIONS = 50;
const CLOSE_MS = 1_000;

/** A web server of the process's own for probes and metrics, where the app has none. */
export class ProbePort {
  readonly #server: Server;
  readonly #underWay = new Set<ServerResponse>();

  constructor(
    private readonly port: number,
    private readonly host: string | undefined,
    private readonly routes: readonly ProbeRoute[],
  ) {
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      this.#answer(request, response);
    });
    this.#server.maxConnections = MOST_CONNECTIONS;
  }

  /** @throws InvalidConfigurationError when it cannot listen there */
  async open(): Promise<void> {
    const { port, host } = this;
    await inRootContext(
      () =>
        new Promise<void>((resolve, reject) => {
          this.#server.once('error', (error) => reject(notListening(port, error)));
          this.#server.listen({ port, host }, resolve);
        }),
    );
    // It is there for the work, and must not outlive it.
    this.#server.unref();
  }

  /** Lets answers under way go out, for a second at most; whoever only holds a connection loses it. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await settlesWithin(
      Promise.all([...this.#underWay].map((response) => once(response, 'close'))),
      CLOSE_MS,
    );
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#underWay.add(response);
    response.once('close', () => this.#underWay.delete(response));
    const url = request.url ?? '/';
    const route = this.routes.find(
      ({ address }) =>
        url === address || (/^[/?]/.test(url.slice(address.length)) && url.startsWith(address)),
    );
    const notFound = (error?: unknown): void => {
      if (error === undefined) refuse(response, 404, 'There is no such page.');
      else refuse(response, 500, 'That failed.');
    };
    if (route === undefined) {
      notFound();
      return;
    }
    const own = url.slice(route.address.length);
    request.url = own.startsWith('/') ? own : `/${own}`;
    try {
      void Promise.resolve(route.step(request, response, notFound)).catch(notFound);
    } catch (error) {
      notFound(error);
    }
  }
}

function notListening(port: number, error: Error): Error {
  const { code } = error as NodeJS.ErrnoException;
  const why =
    code === 'EADDRINUSE'
      ? `is taken: something else listens on ${port} already; choose another port`
      : code === 'EACCES'
        ? `may not be used by this user: ${port} is reserved; choose one from 1024 on`
        : `cannot be listened on: ${error.message}`;
  return new InvalidConfigurationError('The probes cannot be reached:', [
    { path: 'operations.probes.port (MESSAGE_QUEUE_PROBES)', message: why },
  ]);
}
