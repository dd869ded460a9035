/** The public names of the package, and the examples in the docstrings of `src/` as a program that checks itself. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** How examples call what the entry points export. */
const entryPoints: Readonly<Record<string, string>> = {
  torch: 'index',
  vision: 'vision/index',
  plt: 'plot/index',
  safetensors: 'serialize/safetensors',
  numpy: 'serialize/numpy',
};
const sourceOf = (path: string): string => join(root, 'src', `${path}.ts`);

const header = [
  ...Object.entries(entryPoints).map(([name, path]) => `import * as ${name} from '${sourceOf(path).replace(/\.ts$/, '.js')}';`),
  'import nn = torch.nn;',
  'import optim = torch.optim;',
  'import F = torch.nn.functional;',
  'import v2 = vision.transforms.v2;',
  'import tvTensors = vision.tvTensors;',
].join('\n');

export interface Example {
  /** `file:line` of its first line. */
  readonly where: string;
  readonly code: string;
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Every `@example` under `src/`, and the code of the pages for users. */
export function findExamples(): Example[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
  const sources = files.sort().map((f) => `src/${f}`);
  return [
    ...sources.flatMap((file) => examplesIn(file, read(file))),
    ...['README.md', 'docs/vision.md'].flatMap((file) => blocksIn(file, read(file))),
  ];
}

/** Fenced blocks of TypeScript, without their imports and exports, which stand at the top of a module only. */
export function blocksIn(file: string, source: string): Example[] {
  return [...source.matchAll(/^ *```ts\n([^]*?)^ *```/gm)].map(({ 1: code, index }) => ({
    where: `${file}:${source.slice(0, index).split('\n').length + 1}`,
    code: code.replace(/^ *(import .*\n|export )/gm, ''),
  }));
}

export function examplesIn(file: string, source: string): Example[] {
  return [...source.matchAll(/^ *(?:\/\*)?\* ?@example *\n?((?:.*\n)*?.*?)(?=\s*\*\/|\n *\* ?@)/gm)].map((match) => {
    const start = match.index + match[0].length - match[1].length;
    return { where: `${file}:${source.slice(0, start).split('\n').length}`, code: match[1].replace(/^ *\* ?/gm, '') };
  });
}

/**
 * `code` with `show(value, expected)` for every expression that ends without a semicolon. Its printed value stands in the comment behind it, up to
 * an empty line.
 */
export function checkedCode(code: string): string {
  const { statements } = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
  return statements
    .map((statement, i) => {
      const text = code.slice(statement.pos, statement.end);
      if (!ts.isExpressionStatement(statement) || text.endsWith(';')) return text;
      const [comment] = code.slice(statement.end, statements[i + 1]?.getStart() ?? code.length).split('\n\n');
      const expected = comment.split('\n').filter((line) => line.trim());
      return `\nshow(\n${text}\n, ${JSON.stringify(expected.map((line) => line.replace(/^ *\/\/ ?/, '')).join('\n'))});`;
    })
    .join('');
}

/**
 * What needs the network, compiled files (threads) or long is not run: downloads, workers, and models of up to a billion parameters, which have tests
 * of their own.
 */
export const isRun = ({ where, code }: Example): boolean =>
  !where.startsWith('src/vision/models/') && !/download: true|weights: ['{]|numWorkers/.test(code);

/** A module that exports every example as `[where, run(show)]`. */
export function programOf(examples: readonly Example[]): string {
  const bodies = examples.map(({ where, code }) => `['${where}', async (show: Show) => {\n${checkedCode(code)}\n}],`);
  return [header, 'type Show = (value: unknown, expected: string) => void;', 'export const examples = [', ...bodies, '] as const;'].join(
    '\n',
  );
}

/** Makes a program of the entry points and of the module `text`, which is on no disk. */
export function compile(path: string, text: string): ts.Program {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, noEmit: true, noUnusedLocals: false, noImplicitOverride: false, rootDir: '.' },
    root,
  );
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (f) => f === path || fileExists(f);
  host.getSourceFile = (f, version, ...rest) =>
    f === path ? ts.createSourceFile(f, text, version, true) : getSourceFile(f, version, ...rest);
  return ts.createProgram([...Object.values(entryPoints).map(sourceOf), path], options, host);
}

/** Errors of the types in the module of examples, each with the place of its example. */
export function typeErrors(program: ts.Program, path: string): string[] {
  const file = program.getSourceFile(path)!;
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ start, messageText }) => {
    const where = [...file.text.slice(0, start).matchAll(/^\['(.*)', async/gm)].at(-1)?.[1];
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

export interface PublicName {
  /** Such as `torch.nn.Linear` or `torch.nn.Module#train`. */
  readonly name: string;
  /** `file:line` of its declaration. */
  readonly where: string;
  readonly doc: string;
  readonly hasExample: boolean;
}

/** Every function and class that users can reach, with the members of classes, each once. */
export function publicNames(program: ts.Program): PublicName[] {
  const checker = program.getTypeChecker();
  const names = new Map<ts.Symbol, PublicName>();

  /** The symbol behind `export { a as b }`, `{ a }` and `{ b: a }`. */
  function original(symbol: ts.Symbol): ts.Symbol {
    const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0];
    if (symbol.flags & ts.SymbolFlags.Alias) return original(checker.getAliasedSymbol(symbol));
    if (declaration && ts.isShorthandPropertyAssignment(declaration))
      return original(checker.getShorthandAssignmentValueSymbol(declaration)!);
    if (declaration && ts.isPropertyAssignment(declaration) && ts.isIdentifier(declaration.initializer))
      return original(checker.getSymbolAtLocation(declaration.initializer)!);
    if (declaration && ts.isExportSpecifier(declaration)) return original(checker.getSymbolAtLocation(declaration.name)!);
    return symbol;
  }
  function add(given: ts.Symbol, name: string): void {
    const symbol = original(given);
    const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0];
    // Names that one statement takes out of an object are documented there: in-place forms and legacy classes.
    if (!declaration || ts.isBindingElement(declaration) || names.has(symbol)) return;
    const file = declaration.getSourceFile();
    const line = file.getLineAndCharacterOfPosition(declaration.getStart()).line + 1;
    const doc = ts.displayPartsToString(symbol.getDocumentationComment(checker));
    const hasExample = symbol.getJsDocTags(checker).some((tag) => tag.name === 'example');
    names.set(symbol, { name, where: `${file.fileName.slice(root.length)}:${line}`, doc, hasExample });
    if (ts.isClassDeclaration(declaration))
      declaration.members.filter(isPublicMember).forEach((m) => add(symbolOf(m), `${name}#${m.name.text}`));
  }
  function walk(module: ts.Symbol, path: string): void {
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = original(exported);
      const name = `${path}.${exported.name}`;
      if (symbol.flags & ts.SymbolFlags.ValueModule) walk(symbol, name);
      else if (symbol.flags & ts.SymbolFlags.Value && isCallable(checker.getTypeOfSymbol(symbol))) add(symbol, name);
    }
  }
  const symbolOf = (node: ts.Node): ts.Symbol => (node as ts.Node & { symbol: ts.Symbol }).symbol;
  const moduleOf = (path: string): ts.Symbol => symbolOf(program.getSourceFile(sourceOf(path))!);
  for (const [name, path] of Object.entries(entryPoints)) walk(moduleOf(path), name);
  const tensor = moduleOf('tensor/tensor').exports!.get('Tensor' as ts.__String)!;
  for (const member of checker.getDeclaredTypeOfSymbol(tensor).getProperties())
    if (!isField(member) && !member.name.startsWith('__')) add(member, `torch.Tensor#${member.name}`);
  return [...names.values()];
}

const isCallable = (type: ts.Type): boolean => type.getCallSignatures().length + type.getConstructSignatures().length > 0;

/** Fields of the class itself, which other layers of the library use. */
const isField = ({ valueDeclaration }: ts.Symbol): boolean =>
  valueDeclaration !== undefined && (ts.isPropertyDeclaration(valueDeclaration) || ts.isParameter(valueDeclaration));

/** Methods and accessors that the class adds to its base class; every module has `forward`. */
function isPublicMember(member: ts.ClassElement): member is ts.MethodDeclaration & { name: ts.Identifier } {
  if (!(ts.isMethodDeclaration(member) || ts.isGetAccessor(member)) || !ts.isIdentifier(member.name)) return false;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;
  return !(ts.getCombinedModifierFlags(member) & hidden) && member.name.text !== 'forward';
}
