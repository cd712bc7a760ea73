// The public API as text: every export of the package's entries with its declaration, without comments, sorted.
// `npm run api-report` writes docs/api/*.d.ts.txt; with `--check` it compares, and fails when they differ.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';

const REPORTS = 'docs/api';
const LIBRARY = 'src/message-queue';
const SUFFIX = '.d.ts.txt';
const HELP = `Usage: npm run api-report -- [options]

Writes every export of the package's entries with its declaration to docs/api/*.d.ts.txt.

  --check   only compare them with the code, and end with 1 when they differ (npm run api-report:check)
  --help    show this text`;

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  console.log(HELP);
  process.exit();
}

/** The entries of package.json's `exports`. */
function findEntries() {
  const adapters = `${LIBRARY}/adapters`;
  const folders = existsSync(adapters)
    ? readdirSync(adapters, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  return [
    { name: 'nestjs-message-queue', file: `${LIBRARY}/index.ts` },
    ...['queues', 'ports', 'operations', 'testing'].map((room) => ({
      name: `nestjs-message-queue/${room}`,
      file: `${LIBRARY}/${room}/index.ts`,
    })),
    { name: 'nestjs-message-queue/buffered-events', file: 'src/buffered-events/index.ts' },
    { name: 'nestjs-message-queue/buffered-events/bridge', file: 'src/buffered-events/bridge/index.ts' },
    { name: 'nestjs-message-queue/buffered-events/testing', file: 'src/buffered-events/testing/index.ts' },
    ...folders.map(({ name }) => ({
      name: `nestjs-message-queue/adapters/${name}`,
      file: `${adapters}/${name}/index.ts`,
    })),
  ].filter(({ file }) => existsSync(file));
}

function createProgram(files) {
  const { config } = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  return ts.createProgram(files, {
    ...options,
    declaration: true,
    emitDeclarationOnly: true,
    sourceMap: false,
  });
}

/** Source file → its declarations, parsed. */
function emitDeclarations(program) {
  const declarations = new Map();
  program.emit(
    undefined,
    (path, text, _mark, _error, sources) => {
      const source = sources?.[0];
      if (source)
        declarations.set(source.fileName, ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true));
    },
    undefined,
    true,
  );
  return declarations;
}

function withoutPrivateMembers(statement) {
  if (!ts.isClassDeclaration(statement)) return statement;
  const isPrivate = (member) =>
    ts.canHaveModifiers(member) &&
    ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
  return ts.factory.updateClassDeclaration(
    statement,
    statement.modifiers,
    statement.name,
    statement.typeParameters,
    statement.heritageClauses,
    statement.members.filter(
      (member) => !isPrivate(member) && !ts.isPrivateIdentifier(member.name ?? member),
    ),
  );
}

function declares(statement, name) {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.some((declaration) => declaration.name.getText() === name);
  }
  return statement.name?.text === name;
}

/** What an interface gets by derivation from a declaration, written out: its own text does not show it. */
function derivedMembers(symbol, checker) {
  const declared = symbol.declarations?.find(ts.isInterfaceDeclaration);
  const bases = declared?.heritageClauses?.flatMap(({ types }) => types) ?? [];
  return bases
    .map((base) => checker.getTypeAtLocation(base))
    .filter((type) => !type.isClassOrInterface() && !type.target?.isClassOrInterface())
    .flatMap((type) => memberLines(type, checker, '//   '));
}

function memberLines(type, checker, indent) {
  const properties = type.getProperties().toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return properties.flatMap((property) => {
    const name = `${property.name}${property.flags & ts.SymbolFlags.Optional ? '?' : ''}`;
    const inside = checker.getNonNullableType(checker.getTypeOfSymbol(property));
    const isGroup =
      inside.isIntersection() ||
      (inside.flags & ts.TypeFlags.Object && inside.objectFlags & ts.ObjectFlags.Mapped);
    if (isGroup) return [`${indent}${name}:`, ...memberLines(inside, checker, `${indent}  `)];
    return [`${indent}${name}: ${checker.typeToString(inside, undefined, ts.TypeFormatFlags.NoTruncation)}`];
  });
}

function reportOf({ name, file }, program, declarations) {
  const checker = program.getTypeChecker();
  const printer = ts.createPrinter({ removeComments: true });
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const symbols = module === undefined ? [] : checker.getExportsOfModule(module);
  const sections = symbols
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const statements = new Set();
      for (const { fileName } of (target.declarations ?? []).map((declaration) =>
        declaration.getSourceFile(),
      )) {
        const declared = declarations.get(fileName);
        for (const statement of declared?.statements ?? []) {
          if (declares(statement, target.name)) statements.add(statement);
        }
      }
      if (statements.size === 0) return `// ${symbol.name}: declared outside of this package`;
      const texts = [...statements].map((statement) =>
        printer.printNode(
          ts.EmitHint.Unspecified,
          withoutPrivateMembers(statement),
          statement.getSourceFile(),
        ),
      );
      const derived = derivedMembers(target, checker);
      if (derived.length > 0) texts.push(`// with:\n${derived.join('\n')}`);
      if (symbol.name !== target.name) texts.unshift(`// ${target.name} as ${symbol.name}`);
      return texts.join('\n');
    });
  return `// ${name}: ${symbols.length} exports. Generated by \`npm run api-report\`.\n\n${sections.join('\n\n')}\n`;
}

function fileOf({ name }) {
  return `${name.replaceAll('/', '.')}${SUFFIX}`;
}

const entries = findEntries();
const program = createProgram(entries.map(({ file }) => resolve(file)));
const declarations = emitDeclarations(program);
const reports = new Map(
  entries.map((entry) => [
    fileOf(entry),
    reportOf({ ...entry, file: resolve(entry.file) }, program, declarations),
  ]),
);

mkdirSync(REPORTS, { recursive: true });
const committed = readdirSync(REPORTS).filter((file) => file.endsWith(SUFFIX));
if (process.argv.includes('--check')) {
  const read = (file) => (committed.includes(file) ? readFileSync(`${REPORTS}/${file}`, 'utf8') : '');
  const changed = [...new Set([...reports.keys(), ...committed])].filter(
    (file) => read(file) !== reports.get(file),
  );
  for (const file of changed) {
    const [before, after] = [read(file), reports.get(file) ?? ''].map((text) => text.split('\n'));
    console.error(`${REPORTS}/${file} differs from the code:`);
    for (const line of before.filter((text) => !after.includes(text)).slice(0, 20))
      console.error(`  - ${line}`);
    for (const line of after.filter((text) => !before.includes(text)).slice(0, 20))
      console.error(`  + ${line}`);
  }
  if (changed.length > 0) {
    console.error(
      'The public API changed. If that is meant, run `npm run api-report`, commit, and say so in CHANGELOG.md.',
    );
    process.exitCode = 1;
  }
} else {
  for (const file of committed) if (!reports.has(file)) rmSync(`${REPORTS}/${file}`);
  for (const [file, text] of reports) writeFileSync(`${REPORTS}/${file}`, text);
  console.log(`Wrote ${reports.size} reports to ${REPORTS}.`);
}
