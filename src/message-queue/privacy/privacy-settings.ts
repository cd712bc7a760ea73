import { milliseconds, oneOf, wholeNumber } from '../../kernel/values/kinds.js';
import type { ReadOptions } from '../../kernel/values/options.js';
import { setting } from '../../kernel/values/setting.js';

/** What is told of jobs that carry content: those of the built-in queues, and of a host's own that say `sealed: true`; and of events for sockets. */
export const PRIVACY_SETTINGS = {
  /**
   * Whether the payloads of queues that carry content are sealed, and what the Socket.IO adapter sends to other processes. `open-only` opens what is sealed and seals nothing: the first of the
   * two deploys that turn sealing on, or the way back.
   */
  sealing: setting(oneOf('on', 'open-only', 'off'), {
    variable: 'MESSAGE_QUEUE_SEALING',
    default: 'on',
  }),
  /**
   * What happens to a job of a sealed queue that was stored in plain text: it runs, or becomes a dead letter. What another process sent to
   * sockets in plain text is passed on, or dropped.
   */
  unsealed: setting(oneOf('run', 'refuse'), {
    variable: 'MESSAGE_QUEUE_UNSEALED',
    default: 'run',
  }),
  /**
   * What is stored, logged and told of a failure: `scrubbed`, its text with `[content]` in place of what it shares with the payload;
   * `codes`, no text at all. The code or the class of the error and the frames of its stack stay either way.
   */
  errorTexts: setting(oneOf('scrubbed', 'codes'), {
    variable: 'MESSAGE_QUEUE_ERROR_TEXTS',
    default: 'scrubbed',
  }),
  /**
   * How many days backups of the data key store are kept: a receipt then says from when on no backup has the destroyed keys. Unset, it does
   * not.
   */
  keyBackupDays: setting(wholeNumber(0, 3_650), { variable: 'MESSAGE_QUEUE_KEY_BACKUP_DAYS', example: '30' }),
  /** The data keys of a `DataKeyStore` that a process keeps opened. */
  keyCache: {
    /** How many; the one used longest ago goes first. */
    keys: setting(wholeNumber(1, 1_000_000), {
      variable: 'MESSAGE_QUEUE_KEY_CACHE_KEYS',
      default: 10_000,
    }),
    /**
     * How long one is used without asking the store again, and so how long at most a destroyed one is still used. From half of it on
     * the store is asked in the background.
     */
    forMs: setting(milliseconds(1_000, 600_000), {
      variable: 'MESSAGE_QUEUE_KEY_CACHE_FOR_MS',
      default: 60_000,
    }),
  },
};

/** What is told of failures of sealed queues. */
export type ErrorTexts = ReadOptions<typeof PRIVACY_SETTINGS>['errorTexts'];
