import type { SettingType } from './setting-type.js';

/** One row of the schema: an option, the variable that sets it, and what both may be. */
export interface Setting<T = unknown> {
  readonly section: 'General' | 'Redis' | 'Execution' | 'Clean-up' | 'Shutdown' | 'In-memory provider';
  readonly variable: string;
  readonly type: SettingType<T>;
  readonly description: string;
  /** Null: nothing unless it is set. */
  readonly development: T | null;
  readonly production: T | null;
  /** What happens when it is not set, where the default is not a plain value. */
  readonly otherwise?: string;
  /** Never shown in messages. */
  readonly secret?: true;
}

/** Makes a row from its default, one for all environments or one each. */
export function setting<T>(
  input: Omit<Setting<T>, 'development' | 'production'> & {
    readonly default:
      NoInfer<T> | null | { readonly development: NoInfer<T>; readonly production: NoInfer<T> };
  },
): Setting<T> {
  const { default: both, ...rest } = input;
  const perEnvironment =
    typeof both === 'object' && both !== null && 'development' in both
      ? both
      : { development: both, production: both };
  return { ...rest, ...perEnvironment };
}
