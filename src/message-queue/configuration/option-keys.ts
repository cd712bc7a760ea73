import { PART_KEYS } from './part-options.js';
import { SETTINGS } from './settings.js';

/** Options that put the module together; they are taken off before the settings are read. */
export const SETUP_KEYS: readonly string[] = ['isGlobal', 'configKey', 'imports', 'adapters'];

/** Names of all options that a factory may return. */
export const OPTION_KEYS: readonly string[] = [...Object.keys(SETTINGS), 'queues', ...PART_KEYS];
