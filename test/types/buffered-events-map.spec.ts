import { join } from 'node:path';
import ts from 'typescript';

const FOLDER = join(__dirname, 'virtual-events');
const ENTRY = '../../../src/buffered-events/index.js';

/** A host that declares two events, as the documentation of `EventMap` says. */
const PREAMBLE = `
import { EventListener, OnEvent } from '${ENTRY}';
import type { BufferedEventBusService, EventContext, EventType, IEvent } from '${ENTRY}';
declare module '${ENTRY}' {
  interface EventMap {
    'user.registered': { userId: string; email: string; timestamp: number };
    'order.placed': { id: string; at: Date; lines: { sku: string; at?: Date }[] };
  }
}
declare const bus: BufferedEventBusService;
class UserRegisteredEvent implements IEvent {
  readonly type = 'user.registered';
  constructor(readonly userId: string, readonly email: string, readonly timestamp = 0, public correlationId?: string) {}
  get payload() { return { userId: this.userId, email: this.email, timestamp: this.timestamp }; }
}
`;

const user = '{ userId: "1", email: "e", timestamp: 1 }';
const order = '{ id: "1", at: new Date(), lines: [] }';

const GOOD: Record<string, string> = {
  'emits what was declared': `void [bus.emitEvent('user.registered', ${user}), bus.emitEvent('order.placed', ${order})];`,
  'emits an object of a class': `void bus.emit(new UserRegisteredEvent('1', 'e'));`,
  'handles it by class, by fields or by payload': `
    @EventListener() class Users {
      @OnEvent('user.registered') one(event: UserRegisteredEvent) { return event.payload.email; }
      @OnEvent('user.registered') two(event: { email: string }, context: EventContext) { return [event, context]; }
      @OnEvent('user.registered') three(event: { payload: { userId: string }; correlationId: string }) { return event; }
      @OnEvent(['user.registered', 'order.placed']) four(event: { type: EventType }) { return event; }
    } void Users;`,
  'has dates as the strings that they are by then': `
    class Orders { @OnEvent('order.placed') one(event: { at: string; lines: readonly { at?: string }[] }) { return event; } } void Orders;`,
  'registers a handler whose event is known': `
    bus.registerHandler('order.placed', { handle: (event) => event.at.length + event.payload.lines.length });`,
};

const BAD: Record<string, string> = {
  'a type that was not declared is emitted': `void bus.emitEvent('user.registred', ${user});`,
  'a payload lacks a field': `void bus.emitEvent('user.registered', { userId: '1', email: 'e' });`,
  'a payload is that of another type': `void bus.emitEvent('order.placed', ${user});`,
  'an object of a class has a type that was not declared': `void bus.emit({ type: 'user.left', payload: {} });`,
  'an object of a class has another payload': `void bus.emit({ type: 'user.registered' as const, payload: { userId: 1 } });`,
  'a handler is of a type that was not declared': `class A { @OnEvent('user.left') a() {} } void A;`,
  'a handler takes another payload': `class A { @OnEvent('user.registered') a(event: { email: number }) { return event; } } void A;`,
  'a handler takes a date, which it never gets': `class A { @OnEvent('order.placed') a(event: { at: Date }) { return event; } } void A;`,
  'one of two types does not have what a handler takes': `
    class A { @OnEvent(['user.registered', 'order.placed']) a(event: { email: string }) { return event; } } void A;`,
  'a registered handler takes another payload': `
    bus.registerHandler('order.placed', { handle: (event: { id: number }) => event });
    bus.registerHandler('order.placed', { handle: (event) => event.total });`,
};

/** How many errors each snippet has. */
function errorsOf(snippets: Record<string, string>): Map<string, string[]> {
  const names = Object.keys(snippets);
  const files = new Map(
    names.map((name, index) => [
      join(FOLDER, `${index}.ts`),
      `${PREAMBLE}${String(snippets[name])}\nexport {};`,
    ]),
  );
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists.call(host, file);
  host.readFile = (file) => files.get(file) ?? readFile.call(host, file);
  host.getSourceFile = (file, ...rest) => {
    const text = files.get(file);
    return text === undefined
      ? getSourceFile.call(host, file, ...rest)
      : ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  };
  const program = ts.createProgram([...files.keys()], { ...options, noEmit: true }, host);
  return new Map(
    names.map((name, index) => {
      const source = program.getSourceFile(join(FOLDER, `${index}.ts`));
      const found = program.getSemanticDiagnostics(source);
      return [name, found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))];
    }),
  );
}

describe('a host with an EventMap', () => {
  const good = errorsOf(GOOD);
  const bad = errorsOf(BAD);

  it.each(Object.keys(GOOD))('%s', (name) => {
    expect(good.get(name)).toEqual([]);
  });

  it.each(Object.keys(BAD))('does not compile when %s', (name) => {
    expect(bad.get(name)).not.toEqual([]);
  });
});
