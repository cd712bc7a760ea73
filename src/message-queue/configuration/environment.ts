/** Where variables come from: the host's `ConfigService`, or the process. */
export interface Environment {
  /** The variable's text; undefined when it is missing or blank. */
  get(variable: string): string | undefined;
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
    names: () => Object.keys(variables).filter((name) => (variables[name] ?? '').trim() !== ''),
  };
}
