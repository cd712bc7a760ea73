import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { Provider, Type } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { EventHandlerRegistrationError } from './errors.js';
import { EventListener, OnEvent } from './event-listener.decorator.js';
import type { EventContext } from './event-words.js';
import { refuseMixedPlaces, scanEventHandlers } from './handler-scan.js';
import type { FoundHandler } from './handler-scan.js';

const CONTEXT = {} as EventContext;

async function scanOf(providers: Provider[], controllers: Type<object>[] = []): Promise<FoundHandler[]> {
  @Module({ imports: [DiscoveryModule], providers, controllers })
  class HostModule {}
  const app = await Test.createTestingModule({ imports: [HostModule] }).compile();
  try {
    return scanEventHandlers(app.get(DiscoveryService));
  } finally {
    await app.close();
  }
}

const told = ({ type, place, name }: FoundHandler): string => `${type} ${place} ${name}`;

@EventListener()
class Users {
  readonly seen: unknown[] = [];
  @OnEvent('user.registered') registered(event: unknown): string {
    this.seen.push(event);
    return 'done';
  }
  @OnEvent('user.seen', { where: 'main' }) @OnEvent('user.left', { where: 'main' }) pushed(): void {}
  @OnEvent(['user.renamed', 'user.moved']) changed(): void {}
  plain(): void {}
}

@EventListener()
class MoreUsers extends Users {
  override plain(): void {}
  @OnEvent('user.registered') override changed(): void {}
}

describe('scanEventHandlers', () => {
  it('finds the methods of providers, several types on one and several on one type, in order', async () => {
    expect((await scanOf([Users])).map(told)).toEqual([
      'user.registered threads Users.registered of HostModule',
      'user.seen main Users.pushed of HostModule',
      'user.left main Users.pushed of HostModule',
      'user.renamed threads Users.changed of HostModule',
      'user.moved threads Users.changed of HostModule',
    ]);
  });

  it('finds inherited methods; one that is overridden is what the subclass says it is', async () => {
    expect((await scanOf([MoreUsers])).map(({ type, name }) => `${type} ${name}`)).toEqual([
      'user.registered MoreUsers.changed of HostModule',
      'user.registered MoreUsers.registered of HostModule',
      'user.seen MoreUsers.pushed of HostModule',
      'user.left MoreUsers.pushed of HostModule',
    ]);
  });

  it('calls the method on its instance, and gives what it returns', async () => {
    const users = new Users();
    const [first] = await scanOf([{ provide: 'made', useFactory: () => users }]);
    expect(first?.handle({ id: 1 }, CONTEXT)).toBe('done');
    expect(users.seen).toEqual([{ id: 1 }]);
  });

  it('counts an instance once under all its names, and each instance for itself', async () => {
    const alias = { provide: 'alias', useExisting: Users };
    expect(await scanOf([Users, alias])).toHaveLength(5);
    expect(await scanOf([Users, { provide: 'other', useClass: Users }])).toHaveLength(10);
  });

  it('finds those of controllers too, and needs no class decorator', async () => {
    @Controller()
    class Pages {
      @OnEvent('page.seen') seen(): void {}
    }
    @Injectable()
    class Plain {
      @OnEvent('page.left') left(): void {}
    }
    expect((await scanOf([Plain], [Pages])).map(({ type }) => type)).toEqual(['page.left', 'page.seen']);
  });

  it('refuses providers without one instance, all at once, and only those with handlers', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {}
    @EventListener()
    class NeedsRequest {
      constructor(@Inject(PerRequest) readonly request: PerRequest) {}
      @OnEvent('a') a(): void {}
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class PerInjection {
      @OnEvent('b') b(): void {}
    }
    const scan = scanOf([PerRequest, NeedsRequest, PerInjection]);
    await expect(scan).rejects.toThrow(EventHandlerRegistrationError);
    await expect(scan).rejects.toThrow(
      /NeedsRequest\.a of HostModule is request-scoped[^]*PerInjection\.b of HostModule is transient/,
    );
    expect(await scanOf([PerRequest, Users])).toHaveLength(5);
  });

  it('refuses a type with handlers at both places, and names both', async () => {
    @EventListener()
    class Sockets {
      @OnEvent('user.registered', { where: 'main' }) push(): void {}
    }
    await expect(scanOf([Users, Sockets])).rejects.toThrow(
      /"user\.registered".*Users\.registered of HostModule \(on threads\) and Sockets\.push of HostModule \(where: 'main'\)/,
    );
    const all = [
      { type: 'a', place: 'main', name: 'one' },
      { type: 'b', place: 'threads', name: 'two' },
    ] as const;
    expect(() => refuseMixedPlaces(all)).not.toThrow();
    expect(() => refuseMixedPlaces([...all, { type: 'b', place: 'main', name: 'three' }])).toThrow(
      /two .* three/,
    );
  });
});

describe('@OnEvent', () => {
  it('refuses types that none can have, and says why', () => {
    for (const type of ['', ' ', 'a\nb', 'x'.repeat(256), 7, undefined, [], ['a', '']]) {
      expect(() => OnEvent(type as string)).toThrow(/^@OnEvent\(\): type /);
    }
    expect(() => OnEvent('user.*')).toThrow(/no wildcards/);
  });

  it('refuses wrong options and names that are not options', () => {
    expect(() => OnEvent('a', { where: 'thread' as 'threads' })).toThrow(/did you mean "threads"/);
    expect(() => OnEvent('a', { wher: 'main' } as object)).toThrow(/Did you mean "where"/);
  });

  it('refuses what is no method of an instance', () => {
    const decorate = OnEvent('a') as (target: object, name: string | symbol, descriptor: object) => void;
    expect(() => decorate(Users, 'of', { value: () => 1 })).toThrow(/on of: it belongs on a method/);
    expect(() => decorate(Users.prototype, 'of', { get: () => 1 })).toThrow(TypeError);
    expect(() => decorate(Users.prototype, Symbol('of'), { value: () => 1 })).toThrow(TypeError);
  });
});
