import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadThreadModule } from './load-thread-module.js';

const MODULES = join(__dirname, '../../../../test/support/event-modules');
const inModules = (name: string): string => join(MODULES, name);
const nameOf = async (module: string): Promise<string> => (await loadThreadModule(module)).name;

test.each([
  ['a path', inModules('orders.module.ts'), 'OrdersModule'],
  [
    'a path without its ending, as it is in sources and when built',
    inModules('orders.module'),
    'OrdersModule',
  ],
  ['a file URL', pathToFileURL(inModules('orders.module.ts')).href, 'OrdersModule'],
  ['a path with a name', `${inModules('several.module.ts')}#SecondModule`, 'SecondModule'],
  [
    'a file URL with a name',
    `${pathToFileURL(inModules('several.module.ts')).href}#FirstModule`,
    'FirstModule',
  ],
])('loads the module of %s', async (_, module, name) => {
  expect(await nameOf(module)).toBe(name);
});

test('an empty module is known by its name', async () => {
  expect(await nameOf(`${inModules('none.module.ts')}#NoModule`)).toBe('NoModule');
});

test('a path may have a # of its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'a#b'));
  writeFileSync(
    join(folder, 'c#d.js'),
    `module.exports = require(${JSON.stringify(inModules('orders.module'))});`,
  );
  expect(await nameOf(join(folder, 'c#d.js'))).toBe('OrdersModule');
  expect(await nameOf(`${join(folder, 'c#d.js')}#OrdersModule`)).toBe('OrdersModule');
});

test('one class under several names is one module', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'events-')), 'twice.js');
  writeFileSync(
    file,
    `const { OrdersModule } = require(${JSON.stringify(inModules('orders.module'))}); module.exports = { OrdersModule, default: OrdersModule };`,
  );
  expect(await nameOf(file)).toBe('OrdersModule');
});

test.each([
  ['there is no such file', inModules('gone.module.js'), /no such file\. Is it built/],
  [
    'there is only its source',
    inModules('orders.module.js'),
    /There is ".*orders\.module\.ts".* workerCount to 0/s,
  ],
  ['it is relative', './orders.module.js', /must be an absolute path or a file URL.*join\(__dirname/s],
  ['it is no URL of a file', 'file://elsewhere/x.js', /no URL of a file/],
  ['it exports none', inModules('none.module.ts'), /exports no class with @Module\(\).*It exports NoModule/s],
  [
    'it exports several',
    inModules('several.module.ts'),
    /several modules \(FirstModule, SecondModule\).*#FirstModule/s,
  ],
  ['it exports no such name', `${inModules('several.module.ts')}#FirstModul`, /Did you mean "FirstModule"\?/],
  [
    'what it exports is no module',
    `${inModules('several.module.ts')}#notOne`,
    /exports as "notOne" is no class/,
  ],
  [
    'it exports a class that may be an empty module',
    inModules('none.module.ts'),
    /An empty @Module\(\{\}\) leaves no mark on its class: name it, as in "…#NoModule"/,
  ],
])('says what to do where %s', async (_, module, message) => {
  await expect(loadThreadModule(module)).rejects.toMatchObject({
    name: 'EventThreadStartError',
    message: expect.stringMatching(message),
  });
});

test('what the file itself throws is thrown as it is', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'events-')), 'throws.js');
  writeFileSync(file, "throw new RangeError('at its top');");
  await expect(loadThreadModule(file)).rejects.toThrow(new RangeError('at its top'));
});
