/** What a contract needs of a test runner; the globals of Jest, Vitest, Mocha and `node:test` fit. */
export interface ContractRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** Makes what is under test, empty, for each test anew. Close what has to be closed in the runner's own `afterEach`. */
export type CreateSubject<T> = () => T | Promise<T>;

/** Names one test of a contract and does it on a fresh subject. */
export type ContractTest<T> = (name: string, body: (subject: T) => Promise<void>) => void;

/** Declares a contract's tests with the given runner, or with the global `describe` and `it`. */
export function declareContract<T>(
  name: string,
  create: CreateSubject<T>,
  runner: ContractRunner | undefined,
  declare: (test: ContractTest<T>) => void,
): void {
  const { describe, it } = runner ?? globalRunner();
  describe(`${name} contract`, () => {
    declare((title, body) => {
      it(title, async () => body(await create()));
    });
  });
}

function globalRunner(): ContractRunner {
  const { describe, it } = globalThis as Partial<ContractRunner>;
  if (describe === undefined || it === undefined) {
    throw new Error(
      'There is no global "describe" and "it": give the contract your runner\'s as last argument.',
    );
  }
  return { describe, it };
}
