import type { Exchange } from '../http/exchange.js';
import type { HttpMiddleware } from '../http/mount.js';
import type { AccessMethod, Admission } from './admission.js';

/** Access by a middleware, which lets a request pass or answers it. */
export class MiddlewareAccess implements AccessMethod {
  constructor(
    private readonly middleware: HttpMiddleware,
    readonly openTo: string,
    private readonly admissionOf: (request: object) => Admission,
  ) {}

  async ask(exchange: Exchange): Promise<Admission> {
    const decided = await this.#decided(exchange);
    return decided === 'answered' ? decided : this.admissionOf(exchange.platform.request as object);
  }

  #decided({ request, response }: Exchange): Promise<'passed' | 'answered'> {
    return new Promise((resolve, reject) => {
      response.once('close', () => resolve('answered'));
      const answered = this.middleware(request, response, (error) => {
        if (error === undefined || error === null) resolve('passed');
        else reject(error instanceof Error ? error : new Error('The middleware failed.', { cause: error }));
      });
      Promise.resolve(answered).catch(reject);
    });
  }
}
