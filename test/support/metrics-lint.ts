/** One line with a value. */
export interface ScrapedSample {
  /** As written, a histogram's with `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric of a scrape. */
export interface ScrapedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ScrapedSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
/** Units that are not base units, as `promtool` knows them. */
const OTHER_UNITS =
  /_(milliseconds?|microseconds?|nanoseconds?|minutes?|hours?|days?|weeks?|ms|sec|secs|s|kb|mb|gb|kilobytes?|megabytes?|percent)(_|$)/;

/** Reads the text format 0.0.4, strictly. @throws for what a scraper would refuse */
export function parseMetrics(text: string): readonly ScrapedFamily[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('The last line does not end.');
  const families: (Omit<ScrapedFamily, 'samples'> & { samples: ScrapedSample[] })[] = [];
  let help: readonly [name: string, text: string] | undefined;
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'HELP') help = [name, rest];
      else {
        if (help?.[0] !== name) throw new Error(`${name} has no HELP right before its TYPE`);
        if (families.some((family) => family.name === name)) throw new Error(`${name} comes twice`);
        families.push({ name, help: help[1], type: rest, samples: [] });
      }
      continue;
    }
    if (line.startsWith('#')) continue;
    const sample = parseSample(line);
    const family = families.at(-1);
    if (family === undefined || !belongs(sample.name, family)) throw new Error(`stands alone: ${line}`);
    family.samples.push(sample);
  }
  return families;
}

function belongs(name: string, family: Omit<ScrapedFamily, 'samples'>): boolean {
  if (family.type !== 'histogram') return name === family.name;
  return ['_bucket', '_sum', '_count'].some((suffix) => name === family.name + suffix);
}

function parseSample(line: string): ScrapedSample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`cannot be read: ${line}`);
  const [, name = '', labelText = '', number = ''] = match;
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labelText.length) {
    const label = LABEL.exec(labelText);
    if (label === null) throw new Error(`has labels that cannot be read: ${line}`);
    const [, key = '', value = ''] = label;
    if (Object.hasOwn(labels, key)) throw new Error(`has the label ${key} twice: ${line}`);
    labels[key] = value.replace(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char));
  }
  const value = number === '+Inf' ? Infinity : number === '-Inf' ? -Infinity : Number(number);
  if (Number.isNaN(value) && number !== 'NaN') throw new Error(`has no number: ${line}`);
  return { name, labels, value };
}

/** What `promtool check metrics` would say, and that no series comes twice and no bucket holds less than the one before. */
export function lintMetrics(text: string): readonly string[] {
  return parseMetrics(text).flatMap((family) => [...lintFamily(family), ...lintSamples(family)]);
}

function lintFamily({ name, help, type, samples }: ScrapedFamily): string[] {
  const found: string[] = [];
  const check = (isRight: boolean, what: string): void => {
    if (!isRight) found.push(`${name}: ${what}`);
  };
  check(NAME.test(name), 'is not a name of a metric');
  check(help.trim() !== '', 'has no help text');
  check(samples.length > 0, 'has no values');
  check(['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(type), `has the type ${type}`);
  check((type === 'counter') === name.endsWith('_total'), 'counters end with _total, and nothing else does');
  check(!/_(bucket|count|sum|info_total)$/.test(name), 'has a suffix of histograms');
  check(!/(^|_)(counter|gauge|histogram|summary)(_|$)/.test(name), 'has its type in its name');
  check(!OTHER_UNITS.test(name), 'has a unit that is not a base unit');
  check(!/[a-z][A-Z]|:/.test(name), 'is in camelCase, or has a colon');
  for (const label of new Set(samples.flatMap(({ labels }) => Object.keys(labels)))) {
    check(!/[a-z][A-Z]/.test(label) && !label.startsWith('__'), `has the label ${label}`);
    check(label !== 'le' || type === 'histogram', 'has the label le without being a histogram');
    check(label !== 'quantile', 'has the label quantile');
  }
  return found;
}

function lintSamples({ name, type, samples }: ScrapedFamily): string[] {
  const found: string[] = [];
  const keys = samples.map(
    (sample) => `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`,
  );
  keys.forEach((key, i) => {
    if (keys.indexOf(key) !== i) found.push(`${name}: ${key} comes twice`);
  });
  const shapes = new Set(
    samples.map(({ labels }) =>
      Object.keys(labels)
        .filter((label) => label !== 'le')
        .sort()
        .join(),
    ),
  );
  if (shapes.size > 1) found.push(`${name}: not all series have the same labels`);
  return type === 'histogram' ? [...found, ...lintHistogram(name, samples)] : found;
}

function lintHistogram(name: string, samples: readonly ScrapedSample[]): string[] {
  const found: string[] = [];
  const groups = new Map<string, ScrapedSample[]>();
  for (const sample of samples) {
    const { le: _le, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [key, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => (labels['le'] === '+Inf' ? Infinity : Number(labels['le'])));
    const count = group.find((sample) => sample.name === `${name}_count`)?.value;
    const isRising = (values: readonly number[], strictly: boolean): boolean =>
      values.every(
        (value, i) => i === 0 || value > (values[i - 1] as number) || (!strictly && value === values[i - 1]),
      );
    if (!isRising(bounds, true) || bounds.at(-1) !== Infinity)
      found.push(`${name}${key}: bounds do not rise to +Inf`);
    if (
      !isRising(
        buckets.map(({ value }) => value),
        false,
      )
    )
      found.push(`${name}${key}: buckets do not rise`);
    if (count === undefined || buckets.at(-1)?.value !== count)
      found.push(`${name}${key}: +Inf is not the count`);
    if (!group.some((sample) => sample.name === `${name}_sum`)) found.push(`${name}${key}: has no sum`);
  }
  return found;
}
