import type { BullBoardServerAdapter } from '@bull-board/nestjs';

/** Stands in for a server adapter when there is no board: Bull Board's module mounts nothing for it. */
export class UnmountedServer implements BullBoardServerAdapter {
  setBasePath(): this {
    return this;
  }
  setQueues(): this {
    return this;
  }
  setViewsPath(): this {
    return this;
  }
  setStaticPath(): this {
    return this;
  }
  setEntryRoute(): this {
    return this;
  }
  setErrorHandler(): this {
    return this;
  }
  setApiRoutes(): this {
    return this;
  }
  setUIConfig(): this {
    return this;
  }
}
