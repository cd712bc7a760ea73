import { dirname, join } from 'node:path';
import ts from 'typescript';

/**
 * The comments above the settings of a tree, by the settings' dotted paths: what editors show is what the documents say.
 * @param file the source that declares the tree
 * @param constant the tree's name
 */
export function settingDescriptions(file: string, constant: string): ReadonlyMap<string, string> {
  const program = sourcesOf(file);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  const tree = module?.exports?.get(ts.escapeLeadingUnderscores(constant));
  if (tree === undefined) throw new Error(`${file} exports no ${constant}.`);
  const descriptions = new Map<string, string>();
  const visit = (symbol: ts.Symbol, path: string): void => {
    for (const property of checker.getTypeOfSymbol(symbol).getProperties()) {
      const name = path === '' ? property.name : `${path}.${property.name}`;
      const declaration = property.valueDeclaration;
      if (declaration === undefined || !ts.isPropertyAssignment(declaration)) continue;
      if (!ts.isCallExpression(declaration.initializer)) visit(property, name);
      else {
        const text = ts.displayPartsToString(property.getDocumentationComment(checker));
        descriptions.set(name, text.replace(/\s+/g, ' '));
      }
    }
  };
  visit(tree, '');
  return descriptions;
}

/** The sources alone: comments and names need no package's types, and this takes a tenth of the time. */
function sourcesOf(file: string): ts.Program {
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
  return ts.createProgram([file], options, host);
}
