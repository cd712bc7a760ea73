import { TestRedis } from '../support/redis-server.js';

/** One behaviour: a title and what has to hold, on every provider. */
export type ConformanceCase<Bench> = readonly [title: string, check: (bench: Bench) => Promise<void>];

/** What is told of a provider. */
export interface ConformingProvider {
  readonly name: string;
  /** Titles of cases that do not hold for it on purpose, each with the reason. */
  readonly differences?: Readonly<Record<string, string>>;
}

/** A seam between the library and its providers, and the cases that every provider has to pass. */
export interface Conformance<Provider, Bench> {
  /** The name of the seam, for the report. */
  readonly seam: string;
  /** Arguments of the Redis server that the providers share. */
  readonly redisArguments?: readonly string[];
  /** The cases, by their subject. */
  readonly subjects: Readonly<Record<string, readonly ConformanceCase<Bench>[]>>;
  /** The providers. @param redis the server, once the tests run */
  readonly providers: (redis: () => TestRedis) => readonly Provider[];
  /** Makes what a case needs on a provider. */
  readonly open: (provider: Provider) => Bench;
}

/** Declares a test for every case on every provider, and reports how many passed. */
export function runConformance<
  Provider extends ConformingProvider,
  Bench extends { close(): Promise<void> },
>({ seam, redisArguments = [], subjects, providers, open }: Conformance<Provider, Bench>): void {
  let redis: TestRedis;
  const passed: Record<string, number> = {};
  const closing: Promise<void>[] = [];

  beforeAll(async () => {
    redis = await TestRedis.start(redisArguments);
  });

  afterAll(async () => {
    await Promise.all(closing);
    await redis.stop();
    const counts = Object.entries(passed).map(([name, count]) => `${name} ${count} cases`);
    process.stdout.write(`Conformance of the ${seam} seam: ${counts.join(', ')} passed\n`);
  });

  describe.each(providers(() => redis))('$name', (provider) => {
    const { differences = {} } = provider;
    const titles = Object.values(subjects).flatMap((cases) => cases.map(([title]) => title));

    it('differs in cases that there are', () => {
      expect(Object.keys(differences).filter((title) => !titles.includes(title))).toEqual([]);
    });

    describe.each(Object.entries(subjects))('%s', (_subject, cases) => {
      it.each(cases.filter(([title]) => !Object.hasOwn(differences, title)))('%s', async (_title, check) => {
        const bench = open(provider);
        try {
          await check(bench);
          passed[provider.name] = (passed[provider.name] ?? 0) + 1;
        } finally {
          // Bull takes half a second to close a queue that waits for jobs; the next case need not wait with it.
          closing.push(bench.close());
        }
      });
    });
  });
}
