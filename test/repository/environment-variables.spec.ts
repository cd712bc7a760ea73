import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { APP_VARIABLES } from '../../src/app-variables.js';
import { WORKER_VARIABLES } from '../../src/demo/worker/worker-messages.js';
import { renderEnvironmentExample } from '../../scripts/configuration-documents.js';
import { BUILT_IN_QUEUES } from '../../src/message-queue/queues/index.js';

const VARIABLE = /^[A-Z][A-Z0-9_]+$/;
const READERS = new Set(['get', 'getOrThrow']);

interface Read {
  readonly variable: string;
  readonly place: string;
}

/** The sources alone: constants have their types without any package, and in a tenth of the time. */
function ownSources(files: readonly string[]): ts.Program {
  const options: ts.CompilerOptions = { noLib: true, types: [], noEmit: true };
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (names, from) =>
    names.map(({ text }) => ({
      resolvedModule: text.startsWith('.')
        ? {
            resolvedFileName: join(dirname(from), text).replace(/\.js$/, '.ts'),
            extension: ts.Extension.Ts,
          }
        : undefined,
    }));
  return ts.createProgram([...files], options, host);
}

/**
 * Every variable that the sources read by a name of their own: `config.get('X')`, also by a constant, and
 * `process.env`. The module's settings go by a name that the schema has, which the documents are made from.
 */
function variablesRead(files: readonly string[]): Read[] {
  const program = ownSources(files);
  const checker = program.getTypeChecker();
  const reads: Read[] = [];
  const note = (node: ts.Node, variable: string): void => {
    const source = node.getSourceFile();
    const { line } = source.getLineAndCharacterOfPosition(node.getStart());
    if (VARIABLE.test(variable)) reads.push({ variable, place: `${source.fileName}:${line + 1}` });
  };
  const isEnvironment = (node: ts.Node): boolean =>
    ts.isPropertyAccessExpression(node) && node.getText() === 'process.env';
  const visit = (node: ts.Node): void => {
    const argument = ts.isCallExpression(node) ? node.arguments[0] : undefined;
    if (ts.isCallExpression(node) && argument !== undefined) {
      const callee = node.expression;
      const type = checker.getTypeAtLocation(argument);
      if (ts.isPropertyAccessExpression(callee) && READERS.has(callee.name.text) && type.isStringLiteral()) {
        note(node, type.value);
      }
    }
    if (ts.isPropertyAccessExpression(node) && isEnvironment(node.expression)) note(node, node.name.text);
    if (ts.isElementAccessExpression(node) && isEnvironment(node.expression)) {
      const type = checker.getTypeAtLocation(node.argumentExpression);
      if (type.isStringLiteral()) note(node, type.value);
    }
    if (ts.isVariableDeclaration(node) && node.initializer && isEnvironment(node.initializer)) {
      if (ts.isObjectBindingPattern(node.name)) {
        for (const { propertyName, name } of node.name.elements) note(node, (propertyName ?? name).getText());
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const file of files) {
    const source = program.getSourceFile(file);
    if (source !== undefined) visit(source);
  }
  return reads;
}

describe('the environment', () => {
  const { config } = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile);
  const { fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const example = readFileSync('.env.example', 'utf8');
  const page = readFileSync('docs/configuration.md', 'utf8');

  it('is in .env.example as the schemas say', () => {
    expect(example).toBe(renderEnvironmentExample(BUILT_IN_QUEUES, Object.values(APP_VARIABLES)));
  });

  it('has no variable that something reads and nobody documents', () => {
    const reads = variablesRead(fileNames);
    // What is found is what is looked for.
    expect(reads.map(({ variable }) => variable)).toEqual(
      expect.arrayContaining(['PORT', 'DATABASE_URL', 'ENCRYPTION_KEYS', 'ENCRYPTION_CURRENT_KEY']),
    );
    // The demo sets these itself, for a process of its own.
    const internal: readonly string[] = [WORKER_VARIABLES.smtpUrl, WORKER_VARIABLES.troubles];
    // Node's own: what it was told is only looked at.
    const ofNode: readonly string[] = ['NODE_OPTIONS'];
    const hidden = reads.filter(
      ({ variable }) =>
        ![...internal, ...ofNode].includes(variable) &&
        !(example.includes(`\n# ${variable}=`) && page.includes(`\`${variable}\``)),
    );
    expect(hidden).toEqual([]);
  });
});
