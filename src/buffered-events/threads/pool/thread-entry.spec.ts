import { checkLoadable } from './thread-entry.js';

// Here the file that threads run is TypeScript, as the sources are.
describe('What Node cannot load for a thread', () => {
  const before = process.env.NODE_OPTIONS;
  beforeEach(() => delete process.env.NODE_OPTIONS);
  afterAll(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  });

  it.each(['/app/users.module.ts', 'file:///app/users.module.mts#Users', '/app/users.module.js'])(
    'is refused before a thread starts, with what to do: %s',
    (module) => {
      expect(() => checkLoadable(module, [])).toThrow(/Build it .* workerCount to 0.* threads\.execArgv/);
      expect(() => checkLoadable(module, ['--enable-source-maps', '--requires'])).toThrow(
        'does not know decorators',
      );
    },
  );

  it.each([
    ['--require', 'ts-node/register'],
    ['-r', 'ts-node/register'],
    ['--import=./loader.mjs'],
    ['--experimental-loader', './loader.mjs'],
  ])('is left to a loader: %s', (...execArgv) => {
    expect(() => checkLoadable('/app/users.module.ts', execArgv)).not.toThrow();
  });

  it('is left to a loader of the whole process', () => {
    process.env.NODE_OPTIONS = '--enable-source-maps --require ts-node/register';
    expect(() => checkLoadable('/app/users.module.ts', [])).not.toThrow();
  });
});
