// What test/support/typescript-hook.cjs does, for hosts with threads that come and go: they import the package by its name, may wait at the
// top level of a module (.mts), and load what another thread has translated before.
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { threadId } = require('node:worker_threads');

const NAME = 'nestjs-message-queue';
const ROOT = join(__dirname, '../../..');
/** Entries of the package that hosts of these tests use. */
const ENTRIES = {
  [NAME]: join(ROOT, 'src/message-queue/index.ts'),
  [`${NAME}/buffered-events`]: join(ROOT, 'src/buffered-events/index.ts'),
  [`${NAME}/buffered-events/testing`]: join(ROOT, 'src/buffered-events/testing/index.ts'),
};
const OPTIONS = {
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
  module: { type: 'commonjs' },
};
const KEPT = join(ROOT, 'node_modules/.cache/events-hook');
mkdirSync(KEPT, { recursive: true });

/** As hosts build: the seed's `@Autowired()` asks what TypeScript's own compiler writes down of a constructor, and no other does. */
const AS_BUILT = join(ROOT, 'test/events/seed-snippets/');

function compile(text, filename) {
  if (!filename.startsWith(AS_BUILT)) {
    return require('@swc/core').transformSync(text, { ...OPTIONS, filename }).code;
  }
  const ts = require('typescript');
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    ...{ experimentalDecorators: true, emitDecoratorMetadata: true, esModuleInterop: true },
    useDefineForClassFields: false,
  };
  // By its name the compiler would take a module that waits for an ES module.
  return ts.transpileModule(text, { compilerOptions, fileName: filename.replace(/\.mts$/, '.ts') })
    .outputText;
}

function translated(text, filename) {
  const hash = createHash('sha1').update(readFileSync(__filename)).update(filename).update(text);
  const kept = join(KEPT, `${hash.digest('hex')}.js`);
  try {
    return readFileSync(kept, 'utf8');
  } catch {
    // A compiler takes longer to load than all that is kept.
    const code = compile(text, filename);
    const mine = `${kept}.${process.pid}.${threadId}`;
    writeFileSync(mine, code);
    renameSync(mine, kept);
    return code;
  }
}

const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => {
  const entry = ENTRIES[request];
  if (entry !== undefined) return entry;
  const isOurs =
    request.startsWith('.') && /\.m?js$/.test(request) && /\.m?ts$/.test(rest[0]?.filename ?? '');
  return resolve.call(Module, isOurs ? request.replace(/js$/, 'ts') : request, ...rest);
};

Module._extensions['.ts'] = (module, filename) => {
  module._compile(translated(readFileSync(filename, 'utf8'), filename), filename);
};

/** CommonJS cannot wait while it loads: the rest of the module becomes a promise, `ran`. */
Module._extensions['.mts'] = (module, filename) => {
  const text = readFileSync(filename, 'utf8');
  const [imports = ''] = /^(?:import [^;]*;\n)*/.exec(text) ?? [];
  const waiting = `${imports}export const ran = (async () => {\n${text.slice(imports.length)}\n})();`;
  module._compile(translated(waiting, filename), filename);
};
