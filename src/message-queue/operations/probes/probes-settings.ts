import { isAbsolute } from 'node:path';
import { kind, Refusal } from '../../../kernel/values/kind.js';
import { isRecord } from '../../../kernel/values/kinds.js';
import { setting } from '../../../kernel/values/setting.js';

/** Where orchestrators ask whether a process lives and is ready. */
export interface ProbesOptions {
  /** A port of its own, with `/metrics` too: for workers without a web server. 1 to 65535. Default: none. */
  readonly port?: number;
  /** What the port listens on. Default: every address of the machine, since kubelets come from outside. */
  readonly host?: string;
  /** A file that is touched every 5 s while the process is ready, and not there while it is not: an absolute path. Default: none. */
  readonly file?: string;
  /** Where they are, before `/live` and `/ready`; in the app's web server behind its global prefix. Default `/health`. */
  readonly path?: string;
}

/** What is done about probes. */
export interface ProbesSettings extends ProbesOptions {
  readonly path: string;
}

const EXPECTED =
  'true, false, or an object with port (1 to 65535), host, file (an absolute path) and path (such as "/health"); as a variable a port, or file: and a path';

const OPTIONS: Readonly<Record<keyof ProbesOptions, (value: unknown) => boolean>> = {
  port: (value) => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535,
  host: (value) => typeof value === 'string' && value.trim() !== '',
  file: (value) => typeof value === 'string' && isAbsolute(value) && !value.includes('\0'),
  path: (value) => typeof value === 'string' && /^\/[^\s?#]*[^\s?#/]$/.test(value),
};

const DEFAULT_PATH = '/health';

/** Read as null where there are none. */
const PROBES = kind<ProbesSettings | null, boolean | ProbesOptions>(EXPECTED, read, {
  fromText: (text) => {
    if (/^\d+$/.test(text)) return read({ port: Number(text) });
    if (text.startsWith('file:')) return read({ file: text.slice('file:'.length) });
    return text === 'true' || text === 'false' ? read(text === 'true') : new Refusal();
  },
});

function read(value: unknown): ProbesSettings | null | Refusal {
  if (value === false) return null;
  if (value === true) return { path: DEFAULT_PATH };
  if (!isRecord(value)) return new Refusal();
  const wrong = Object.entries(value).find(
    ([name, one]) =>
      !Object.hasOwn(OPTIONS, name) || (one !== undefined && !OPTIONS[name as keyof ProbesOptions](one)),
  );
  if (wrong !== undefined) return new Refusal(`see "${wrong[0]}"`);
  return Object.freeze({ path: DEFAULT_PATH, ...value });
}

/** Whether there are probes: `forRoot({ operations })`. */
export const PROBES_SETTINGS = {
  /**
   * Whether orchestrators may ask if the process lives (`/health/live`) and is ready (`/health/ready`): `true` for the app's web server,
   * `{ port }` or `{ file }` for workers without one. Nobody need log in; nothing but a word is answered.
   */
  probes: setting(PROBES, {
    variable: 'MESSAGE_QUEUE_PROBES',
    default: null,
    otherwise: 'none',
    example: '9090',
  }),
};
