import { AsyncLocalStorage } from 'node:async_hooks';
import { basicAuthPrincipal } from './basic-auth.js';
import type { BoardPrincipal, BoardRight, BoardSettings } from './board-access.js';
import type { HttpStep } from '../http/mount.js';

/** Whoever access let in without saying who it is. */
const NOBODY: BoardPrincipal = { id: 'board' };

/** Knows whose request the board is answering. */
export class BoardUsers {
  private readonly current = new AsyncLocalStorage<BoardPrincipal>();

  constructor(private readonly settings: Pick<BoardSettings, 'access' | 'principal'>) {}

  /** Comes after access: what follows it is done by whoever it let in. */
  readonly step: HttpStep = (request, _response, next, platform) => {
    this.current.run(this.principalOf(platform?.request ?? request), next);
  };

  /** Who asks. */
  get id(): string {
    return this.principal.id;
  }

  /** Whether whoever asks has a right. */
  may(right: BoardRight): boolean {
    return this.principal.rights?.includes(right) === true;
  }

  private get principal(): BoardPrincipal {
    return this.current.getStore() ?? NOBODY;
  }

  private principalOf(request: object): BoardPrincipal {
    const { principal, access } = this.settings;
    return (principal ? principal(request) : basicAuthPrincipal(access)) ?? NOBODY;
  }
}
