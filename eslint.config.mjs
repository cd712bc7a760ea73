import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const ENVIRONMENT_READER = 'src/kernel/settings/environment.ts';
/** Hands the environment of its process on to a child, and reads nothing of it. */
const ENVIRONMENT_HEIR = 'src/demo/worker/worker-process.ts';
const TESTS = ['**/*.spec.ts', 'test/**', 'bench/**', 'scripts/**'];

export default defineConfig(
  globalIgnores([
    ...['dist', 'dist-tools', 'coverage', 'reports', 'bench/results', 'test/packaging/snippets'],
    // Kept word by word.
    'test/events/seed-snippets/[0-9]*',
    'src/message-queue/operations/console/assets/vendor',
  ]),
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true } },
      ],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'The environment is read in the configuration file, validated there, and injected.',
        },
      ],
      'max-lines': ['warn', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['warn', { max: 60, skipBlankLines: true, skipComments: true }],
      // `typeof import('pg')` names what an optional package exports, which is loaded only when it is used.
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // What not every process uses is loaded when it is used. Not by `import()`: Jest refuses that in a package of CommonJS.
      '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\.{1,2}/', '^@nestjs/bull$'] }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/unbound-method': ['error', { ignoreStatic: true }],
      // An interface gives what is derived from a declaration a name in messages.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      // A module class of Nest is its decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
      // An implementation of an asynchronous port is async even where it has nothing to wait for: it must reject, not throw.
      '@typescript-eslint/require-await': 'off',
      // Nest's options are classes that everybody gives as literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Type parameters that appear once still name what a caller may state: `getJob<SendMessageJobDto>(…)`.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    // The list of what is public is read as a whole, and nothing gets on it by itself.
    files: [
      'src/message-queue/index.ts',
      'src/message-queue/{queues,ports,operations,testing}/index.ts',
      'src/buffered-events/index.ts',
      'src/buffered-events/{bridge,testing}/index.ts',
    ],
    rules: {
      'max-lines': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'What is public is exported by its name.' },
      ],
    },
  },
  {
    // A host fills the map of its events; until then their payloads are what it says they are.
    files: ['src/buffered-events/events/event-map.ts'],
    rules: {
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'always' }],
      '@typescript-eslint/no-explicit-any': 'off',
    },
  },
  {
    files: [ENVIRONMENT_READER, ENVIRONMENT_HEIR, ...TESTS],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: [
      'src/*.ts',
      'src/demo/**',
      'src/examples/**',
      'bench/**',
      'scripts/**',
      'test/{faults,events}/**',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: TESTS,
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      // Matchers, supertest's bodies and stored JSON are `any` by their own declarations.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    extends: [tseslint.configs.strict],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
