import { readFileSync, statSync } from 'node:fs';

/** A longer file is none that somebody meant, bytes. */
const LONGEST_FILE = 65_536;

/** Where variables come from: the host's `ConfigService`, or the process. */
export interface Environment {
  /** The variable's text; undefined when it is missing or blank. */
  get(variable: string): string | undefined;
  /** The text of a file that a variable names. @throws the system's error, or one that says what else is wrong with it */
  file(path: string): string;
  /** Names of the variables that are set. */
  names(): readonly string[];
}

/** What is used of `ConfigService` of `@nestjs/config`. */
export interface VariableSource {
  get(variable: string): unknown;
}

/**
 * Reads the environment: through the host's `ConfigService` when there is one, so that files, validation and
 * defaults of `@nestjs/config` count, else from the process. The only place that reads `process.env`.
 */
export function readEnvironment(
  source?: VariableSource,
  variables: NodeJS.ProcessEnv = process.env,
): Environment {
  return {
    get: (variable) => {
      const value = source === undefined ? variables[variable] : source.get(variable);
      const written =
        typeof value === 'string'
          ? value
          : typeof value === 'number' || typeof value === 'boolean'
            ? String(value)
            : '';
      // Compose files and CI pass unset variables on as empty text.
      return written.trim() === '' ? undefined : written;
    },
    file: readSmallFile,
    names: () => Object.keys(variables).filter((name) => (variables[name] ?? '').trim() !== ''),
  };
}

function readSmallFile(path: string): string {
  if (statSync(path).size > LONGEST_FILE) throw new Error(`it is longer than ${LONGEST_FILE} bytes`);
  const text = readFileSync(path, 'utf8');
  if (text.trim() === '') throw new Error('it is empty');
  return text;
}
