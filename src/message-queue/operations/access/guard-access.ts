import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { firstValueFrom, isObservable } from 'rxjs';
import type { Exchange } from '../http/exchange.js';
import type { PlatformExchange } from '../http/mount.js';
import type { AccessMethod, Admission } from './admission.js';
import { refusedBy } from './reader-access.js';

/** A Nest guard: its class, resolved from the app when it is a provider there, or an instance. */
export type Guard = CanActivate | Type<CanActivate>;

/** Stands in for the controller that a guard may ask for metadata of. */
class MessageQueueOperations {
  readonly open = (): void => undefined;
}
const OPERATIONS = new MessageQueueOperations();

/** What a guard that lets a request pass means by it. */
export interface GuardMeaning {
  /** What is opened, as a refusal names it: "the board". */
  readonly place: string;
  /** Who it is. */
  readonly admissionOf: (request: object) => Admission;
}

/** Access by a Nest guard. */
export class GuardAccess implements AccessMethod {
  readonly openTo: string;
  #guard: Promise<CanActivate> | undefined;

  constructor(
    private readonly guard: Guard,
    private readonly moduleRef: ModuleRef,
    private readonly meaning: GuardMeaning,
  ) {
    this.openTo = `whoever ${isGuardClass(guard) ? guard.name : guard.constructor.name} lets in`;
  }

  async ask({ platform }: Exchange): Promise<Admission> {
    try {
      const guard = await (this.#guard ??= this.#resolved());
      const answer = guard.canActivate(new OperationsContext(platform));
      if (await (isObservable(answer) ? firstValueFrom(answer) : answer))
        return this.meaning.admissionOf(platform.request as object);
    } catch (error) {
      return { refused: refusedBy(error) };
    }
    const detail = `You may not use ${this.meaning.place} of the message queues.`;
    return { refused: { status: 403, code: 'NOT_LET_IN', detail } };
  }

  async #resolved(): Promise<CanActivate> {
    const { guard, moduleRef } = this;
    if (!isGuardClass(guard)) return guard;
    try {
      return await Promise.resolve(moduleRef.get<CanActivate>(guard, { strict: false }));
    } catch {
      return await moduleRef.create(guard);
    }
  }
}

/** Whether it is a guard and no other code. */
export function isGuard(access: unknown): access is Guard {
  if (typeof access === 'object' && access !== null) return 'canActivate' in access;
  return isGuardClass(access);
}

function isGuardClass(access: unknown): access is Type<CanActivate> {
  return (
    typeof access === 'function' &&
    typeof (access.prototype as CanActivate | undefined)?.canActivate === 'function'
  );
}

/** What a guard gets to see of a request. */
class OperationsContext implements ExecutionContext {
  constructor(private readonly exchange: PlatformExchange) {}

  getType<T extends string>(): T {
    return 'http' as T;
  }

  getClass<T>(): Type<T> {
    return MessageQueueOperations as Type<T>;
  }

  getHandler(): () => void {
    return OPERATIONS.open;
  }

  getArgs<T extends unknown[]>(): T {
    return [this.exchange.request, this.exchange.response, doNothing] as unknown as T;
  }

  getArgByIndex<T>(index: number): T {
    return this.getArgs()[index] as T;
  }

  switchToHttp(): ReturnType<ExecutionContext['switchToHttp']> {
    return {
      getRequest: <T>() => this.exchange.request as T,
      getResponse: <T>() => this.exchange.response as T,
      getNext: <T>() => doNothing as T,
    };
  }

  switchToRpc(): never {
    throw new Error('A request for the operations is HTTP: use switchToHttp().');
  }

  switchToWs(): never {
    throw new Error('A request for the operations is HTTP: use switchToHttp().');
  }
}

/** A guard answers; it does not call what comes next. */
function doNothing(): void {}
