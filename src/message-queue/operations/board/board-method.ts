import type { ModuleRef } from '@nestjs/core';
import type { AccessMethod, Admission } from '../access/admission.js';
import { basicAuthPrincipal } from '../access/basic-auth.js';
import type { Doors } from '../access/doors/doors.js';
import { GuardAccess, isGuard } from '../access/guard-access.js';
import type { Visitor } from '../access/operator.js';
import { MiddlewareAccess } from '../access/middleware-access.js';
import type { Exchange } from '../http/exchange.js';
import type { BoardSettings } from './board-access.js';

/** Whoever access let in without saying who it is. */
const NOBODY: Visitor = { name: 'board', role: 'operator' };

/** How it is found out who asks for the board: by its own access, which lets operators in, or as for all operations. */
export class BoardMethod implements AccessMethod {
  readonly #method: AccessMethod;

  constructor(
    private readonly settings: Pick<BoardSettings, 'access' | 'principal'>,
    doors: Doors,
    moduleRef: ModuleRef,
  ) {
    this.#method =
      ownMethod(settings.access, moduleRef) ?? doors.method({ name: 'The board', user: NOBODY.name });
  }

  get openTo(): string {
    return this.#method.openTo;
  }

  async ask(exchange: Exchange): Promise<Admission> {
    const admission = await this.#method.ask(exchange);
    const { principal } = this.settings;
    if (principal === undefined || admission === 'answered' || 'refused' in admission) return admission;
    const { id = admission.visitor.name, rights } = principal(exchange.platform.request as object) ?? {};
    return { visitor: { ...admission.visitor, name: id, rights } };
  }
}

/** That of `board.access`. */
function ownMethod(access: BoardSettings['access'], moduleRef: ModuleRef): AccessMethod | undefined {
  if (access === undefined) return undefined;
  const admitted = { visitor: visitorBy(access) };
  if (isGuard(access)) {
    return new GuardAccess(access, moduleRef, { place: 'the board', admissionOf: () => admitted });
  }
  const openTo = basicAuthPrincipal(access)
    ? 'whoever logs in (basic authentication)'
    : 'whoever the middleware in board.access lets in';
  return new MiddlewareAccess(access, openTo, () => admitted);
}

function visitorBy(access: object): Visitor {
  const principal = basicAuthPrincipal(access);
  return principal === undefined
    ? NOBODY
    : { name: principal.id, role: 'operator', rights: principal.rights };
}
