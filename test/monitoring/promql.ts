/** One use of a metric in an expression of Prometheus. */
export interface MetricUse {
  /** As written, without the ending of a histogram's lines. */
  readonly metric: string;
  /** Of a histogram: which of its lines. */
  readonly part: 'bucket' | 'sum' | 'count' | null;
  /** Labels that it is selected by, and those that the aggregations around it keep. */
  readonly labels: readonly string[];
  /** Aggregations around it, the innermost first, with the labels that they keep. */
  readonly aggregations: readonly { readonly name: string; readonly by: readonly string[] }[];
}

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"|[A-Za-z_:][\w:]*|\$\{?\w+\}?|[\d.]+\w*|=~|!~|!=|[<>=]=|./gy;
const AGGREGATIONS = new Set(['sum', 'max', 'min', 'avg', 'count']);
const METRIC = /^message_queue_\w+$/;

/** Every use of a metric of ours. Reads the part of the language that the shipped files use. @throws for brackets that do not match */
export function metricUses(expression: string): readonly MetricUse[] {
  const tokens = [...expression.matchAll(TOKEN)]
    .map(([token]) => token)
    .filter((token) => token.trim() !== '');
  const open: { readonly name: string; readonly by: readonly string[] }[] = [];
  const uses: MetricUse[] = [];
  let before: { name: string; by: readonly string[] } = { name: '', by: [] };
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as string;
    if (token === 'by') {
      const end = tokens.indexOf(')', at);
      before = { ...before, by: namesIn(tokens.slice(at + 2, end)) };
      at = end;
    } else if (token === '(') {
      open.push(before);
      before = { name: '', by: [] };
    } else if (token === ')') {
      if (open.pop() === undefined) throw new Error(`A bracket too many: ${expression}`);
    } else if (METRIC.test(token)) {
      const end = tokens[at + 1] === '{' ? tokens.indexOf('}', at) : at;
      const around = open.toReversed().filter(({ name }) => AGGREGATIONS.has(name));
      uses.push(useOf(token, tokens.slice(at + 2, end), around));
      at = end;
    } else before = { name: token, by: [] };
  }
  if (open.length > 0) throw new Error(`A bracket is not closed: ${expression}`);
  return uses;
}

function useOf(
  token: string,
  selector: readonly string[],
  aggregations: MetricUse['aggregations'],
): MetricUse {
  const ending = /^(.*_seconds)_(bucket|sum|count)$/.exec(token);
  const selected = selector.filter((_, at) => /^[=!]/.test(selector[at + 1] ?? ''));
  return {
    metric: (ending?.[1] ?? token).replace('message_queue_', ''),
    part: (ending?.[2] as MetricUse['part'] | undefined) ?? null,
    labels: [...selected, ...aggregations.flatMap(({ by }) => by)],
    aggregations,
  };
}

function namesIn(tokens: readonly string[]): readonly string[] {
  return tokens.filter((token) => token !== ',');
}
