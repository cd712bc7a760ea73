import { ExpressAdapter } from '@bull-board/express';
import type { AppViewRoute } from '@bull-board/api/typings/app';

/** What the page would load from other sites: a font that our Content-Security-Policy blocks anyway. */
const FOREIGN_LINKS = /<link\b[^>]*\bhref="https?:[^>]*>\s*/g;

/** Bull Board's server, an Express app of its own whatever the host's platform is. Its page asks other sites for nothing. */
export class BoardServer extends ExpressAdapter {
  constructor() {
    super();
    this.app.disable('x-powered-by');
  }

  override setEntryRoute(entry: AppViewRoute): this {
    this.app[entry.method](entry.route, (_request, response, next) => {
      const { name, params } = entry.handler({ basePath: this.basePath, uiConfig: this.uiConfig });
      response.render(name, params, (error: Error | null, page?: string) => {
        if (error !== null || page === undefined) next(error);
        else response.send(page.replace(FOREIGN_LINKS, ''));
      });
    });
    return this;
  }
}
