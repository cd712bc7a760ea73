import { flag, milliseconds, text } from '../../../../kernel/values/kinds.js';
import type { ReadOptions } from '../../../../kernel/values/options.js';
import { setting } from '../../../../kernel/values/setting.js';
import { givenRules } from './given-rules.js';
import { givenSinks } from './given-sinks.js';

const DAY_MS = 86_400_000;

/** Who is told when something is wrong: `forRoot({ operations: { alerts } })`. */
export const ALERT_SETTINGS = {
  /** Whether alerts are evaluated. */
  enabled: setting(flag(), {
    variable: 'MESSAGE_QUEUE_ALERTS',
    otherwise: '`true` where `operations` are set, or a variable that says who may use them',
    example: 'true',
  }),
  /**
   * Per rule `false`, or what differs from its defaults: `{ above, forMs, clear, clearForMs, severity }`, and `queues` where that is meant for
   * some queues only; a list of these where queues differ. The others keep the defaults.
   */
  rules: setting(givenRules(), { default: {}, otherwise: 'the defaults of every rule' }),
  /** Who is told beside the log and the event `alert`. */
  sinks: setting(givenSinks(), { default: [], otherwise: 'none' }),
  /** After how long an alert that still fires is told again, milliseconds. */
  repeatMs: setting(milliseconds(60_000, 30 * DAY_MS), {
    variable: 'MESSAGE_QUEUE_ALERTS_REPEAT_MS',
    default: 4 * 3_600_000,
  }),
  /** How often rules are evaluated, by one process of the fleet, milliseconds. */
  everyMs: setting(milliseconds(1_000, 600_000), {
    variable: 'MESSAGE_QUEUE_ALERTS_EVERY_MS',
    default: 15_000,
  }),
  /** Where the runbook is that alerts lead to: its headings are the names of the rules. */
  runbookUrl: setting(text(2_000), {
    variable: 'MESSAGE_QUEUE_RUNBOOK_URL',
    default: 'docs/operations.md',
    example: 'https://wiki.example.org/message-queue',
  }),
};

/** Who is told when something is wrong. */
export type AlertSettings = ReadOptions<typeof ALERT_SETTINGS>;
