import { HttpException } from '@nestjs/common';
import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { firstValueFrom, isObservable } from 'rxjs';
import type { BoardAccess } from './board-access.js';
import type { HttpStep, PlatformExchange } from '../http/mount.js';
import { refuse } from '../http/refuse.js';

/** Stands in for the controller that a guard may ask for metadata of. */
class BullBoard {
  readonly open = (): void => undefined;
}
const BOARD = new BullBoard();

/** Turns any kind of access into a step before the board. */
export function accessStep(access: BoardAccess, moduleRef: ModuleRef): HttpStep {
  if (!isGuardClass(access)) return isGuard(access) ? guardStep(() => Promise.resolve(access)) : access;
  let guard: Promise<CanActivate> | undefined;
  return guardStep(() => (guard ??= resolveGuard(access, moduleRef)));
}

/** The name of a guard's class; undefined for a middleware. */
export function guardNameOf(access: BoardAccess): string | undefined {
  if (isGuardClass(access)) return access.name;
  return isGuard(access) ? access.constructor.name : undefined;
}

async function resolveGuard(type: Type<CanActivate>, moduleRef: ModuleRef): Promise<CanActivate> {
  try {
    return await Promise.resolve(moduleRef.get<CanActivate>(type, { strict: false }));
  } catch {
    return await moduleRef.create(type);
  }
}

function guardStep(guardOf: () => Promise<CanActivate>): HttpStep {
  return async (request, response, next, platform = { request, response }) => {
    try {
      const guard = await guardOf();
      const answer = guard.canActivate(new BoardExecutionContext(platform, next));
      if (await (isObservable(answer) ? firstValueFrom(answer) : answer)) next();
      else refuse(response, 403, 'You may not use the board of the message queues.');
    } catch (error) {
      if (!(error instanceof HttpException)) next(error);
      else refuse(response, error.getStatus(), error.message);
    }
  };
}

function isGuardClass(access: BoardAccess): access is Type<CanActivate> {
  return (
    typeof access === 'function' &&
    typeof (access.prototype as CanActivate | undefined)?.canActivate === 'function'
  );
}

function isGuard(access: BoardAccess): access is CanActivate {
  return typeof access === 'object' && typeof access.canActivate === 'function';
}

/** What a guard gets to see of a request for the board. */
class BoardExecutionContext implements ExecutionContext {
  constructor(
    private readonly exchange: PlatformExchange,
    private readonly next: (error?: unknown) => void,
  ) {}

  getType<T extends string>(): T {
    return 'http' as T;
  }

  getClass<T>(): Type<T> {
    return BullBoard as Type<T>;
  }

  getHandler(): () => void {
    return BOARD.open;
  }

  getArgs<T extends unknown[]>(): T {
    return [this.exchange.request, this.exchange.response, this.next] as unknown as T;
  }

  getArgByIndex<T>(index: number): T {
    return this.getArgs()[index] as T;
  }

  switchToHttp(): ReturnType<ExecutionContext['switchToHttp']> {
    return {
      getRequest: <T>() => this.exchange.request as T,
      getResponse: <T>() => this.exchange.response as T,
      getNext: <T>() => this.next as T,
    };
  }

  switchToRpc(): never {
    throw new Error('A request for the board is HTTP: use switchToHttp().');
  }

  switchToWs(): never {
    throw new Error('A request for the board is HTTP: use switchToHttp().');
  }
}
