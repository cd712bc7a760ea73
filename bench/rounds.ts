import type { Measurement, ResultRow } from './measurement.js';
import { ContestantProcess } from './process/contestant-process.js';
import type { Reading } from './reading.js';

/** What the rounds of a measurement need. */
export interface RoundsContext {
  readonly redisPort: number;
  readonly rounds: number;
  readonly scale: number;
  /** Empties the server. */
  flush(): Promise<void>;
  /** Says what is being done now. */
  progress(what: string): void;
}

/** Collects readings into rows, in the order in which they first came. */
class Rows {
  private readonly rows = new Map<string, { reading: Reading; values: Map<string, number[]> }>();

  constructor(private readonly measurement: Measurement) {}

  add(subject: string, readings: readonly Reading[]): void {
    for (const reading of readings) {
      const key = `${reading.row}, ${reading.unit}`;
      const row = this.rows.get(key) ?? { reading, values: new Map<string, number[]>() };
      this.rows.set(key, row);
      row.values.set(subject, [...(row.values.get(subject) ?? []), reading.value]);
    }
  }

  all(): ResultRow[] {
    const { id, title } = this.measurement;
    return [...this.rows.values()].map(({ reading: { row, unit }, values }) => ({
      id,
      title,
      row,
      unit,
      samples: [...values].map(([subject, measured]) => ({ subject, values: measured })),
    }));
  }
}

/**
 * Measures each contestant in a process of its own. Round by round, each has its turn on an empty server, so that what
 * slows the machine down for a while slows down all of them. The order turns by one every round.
 */
export async function runRounds(measurement: Measurement, context: RoundsContext): Promise<ResultRow[]> {
  const { redisPort, scale, progress } = context;
  const rounds = Math.min(context.rounds, measurement.mostRounds ?? context.rounds);
  const rows = new Rows(measurement);
  const contestants: [string, ContestantProcess][] = [];
  try {
    progress(`${measurement.id} · loading`);
    await Promise.all(
      measurement.subjects.map(async ({ name }) => {
        const order = { measurement: measurement.id, subject: name, redisPort, scale, assists: false };
        const contestant = new ContestantProcess(order);
        contestants.push([name, contestant]);
        await contestant.loaded();
      }),
    );
    for (let round = measurement.warmUp === false ? 1 : 0; round <= rounds; round++) {
      for (let turn = 0; turn < contestants.length; turn++) {
        const [name, contestant] = contestants[(round + turn) % contestants.length] ?? [];
        if (name === undefined || contestant === undefined) continue;
        const which = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
        progress(`${measurement.id} · ${which} · ${name}`);
        await context.flush();
        const readings = await contestant.trial({ isWarmUp: round === 0 });
        if (round > 0) rows.add(name, readings);
      }
    }
  } finally {
    for (const [, contestant] of contestants) contestant.stop();
  }
  return rows.all();
}
