import type { ClassProvider } from '@nestjs/common';
import { InvalidConfigurationError } from '../../kernel/errors.js';
import type { ManagedQueues } from '../broker/managed-queues.js';
import type { PortClass, QueueDefinition } from '../jobs/queue-definition.js';
import { UnpluggedPorts } from './unplugged-ports.js';
import type { UnpluggedPortsOptions } from './unplugged-ports.js';

abstract class Store {}
class MemoryStore extends Store {}
class RealStore extends Store {}
abstract class Line {}
class MemoryLine extends Line {}
abstract class Own {}

const IN_MEMORY: ClassProvider[] = [
  { provide: Store, useClass: MemoryStore },
  { provide: Line, useClass: MemoryLine },
];
const QUEUES: Readonly<Record<string, readonly PortClass[] | undefined>> = {
  sending: [Line, Store],
  sorting: [Store, Own],
  plain: undefined,
};

function portsOf(
  options: Partial<UnpluggedPortsOptions> = {},
  store: Store = new MemoryStore(),
): UnpluggedPorts {
  const queues = {
    names: () => Object.keys(QUEUES),
    get: (name: string) => ({ definition: { name, ports: QUEUES[name] } as QueueDefinition }),
  } as unknown as ManagedQueues;
  const adapters = new Map<unknown, unknown>([
    [Store, store],
    [Line, new MemoryLine()],
  ]);
  const decided = { environment: 'production', role: 'both', acceptInMemory: [], ...options } as const;
  return new UnpluggedPorts(queues, decided, IN_MEMORY, (port) => adapters.get(port));
}

describe('UnpluggedPorts', () => {
  it('are those of the queues that memory serves', () => {
    const ports = portsOf();
    expect(['sending', 'sorting', 'plain'].map((queue) => ports.of(queue))).toEqual([
      ['Line', 'Store'],
      ['Store'],
      [],
    ]);
    expect(ports.all()).toEqual(['Line', 'Store']);
    expect(portsOf({}, new RealStore()).all()).toEqual(['Line']);
  });

  it('stop a start in production, each with the queues that use it, and say what to do', () => {
    const start = (): void => portsOf().check();
    expect(start).toThrow(InvalidConfigurationError);
    expect(start).toThrow(/- Line: used by "sending"\n {2}- Store: used by "sending", "sorting"$/);
    expect(start).toThrow('acceptInMemory: [Line, …], or MESSAGE_QUEUE_ACCEPT_IN_MEMORY=Line,Store');
    expect(() => portsOf({ acceptInMemory: ['Store'] }).check()).toThrow(
      /=Line\n {2}- Line: used by "sending"$/,
    );
  });

  it.each<[string, Partial<UnpluggedPortsOptions>]>([
    ['a development app', { environment: 'development' }],
    ['a producer, whose jobs others run', { role: 'producer' }],
    ['an app that accepts them', { acceptInMemory: ['Line', 'Store'] }],
    ['an app that accepts all', { acceptInMemory: true }],
  ])('let %s start', (_, options) => {
    expect(() => portsOf(options).check()).not.toThrow();
  });

  it.each<[string, Partial<UnpluggedPortsOptions>, string[], string[]]>([
    ['development', { environment: 'development' }, ['Line', 'Store'], ['Line', 'Store']],
    ['a test', { environment: 'test' }, [], []],
    ['a producer', { role: 'producer' }, [], []],
    ['an app that accepts one', { acceptInMemory: ['Line'] }, ['Store'], ['Line', 'Store']],
    ['an app that accepts all', { acceptInMemory: true }, [], ['Line', 'Store']],
  ])('of %s', (_, options, unaccepted, all) => {
    expect(portsOf(options).of('sending')).toEqual(unaccepted);
    expect(portsOf(options).all()).toEqual(all);
  });

  it('stop a start that accepts what is not a port, wherever it is', () => {
    const start = (): void => portsOf({ environment: 'test', acceptInMemory: ['Lime'] }).check();
    expect(start).toThrow('acceptInMemory: "Lime" is not a port that memory serves. Did you mean "Line"?');
  });
});
