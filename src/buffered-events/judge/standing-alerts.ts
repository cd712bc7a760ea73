import { SafeLogger } from '../../kernel/host/safe-logger.js';
import { RepeatedLines } from '../../kernel/logging/repeated-lines.js';
import type { Clock } from '../../kernel/time/clock.js';
import { ageInWords } from '../../kernel/time/age-in-words.js';
import type { Finding } from './health-rules.js';
import type { Alert, EventAlertCode } from './judge-words.js';

/** An alert that comes and goes is a line of the log this often, milliseconds. */
const LINE_EVERY_MS = 60_000;

/** What is wrong, since when, and what the log has of it: its begin and its end, once each. */
export class StandingAlerts {
  private readonly logger = new SafeLogger('BufferedEvents');
  private readonly lines: RepeatedLines;
  private readonly clock: Clock;
  private readonly since = new Map<EventAlertCode, number>();
  private readonly logged = new Map<EventAlertCode, Alert>();

  constructor(clock: Clock) {
    this.clock = clock.steady();
    this.lines = new RepeatedLines(clock, LINE_EVERY_MS);
  }

  /** Judged again. @returns what stands now, in the order given */
  noted(findings: readonly Finding[]): readonly Alert[] {
    const now = this.clock.now();
    const codes = new Set(findings.map(({ code }) => code));
    for (const code of this.since.keys()) if (!codes.has(code)) this.since.delete(code);
    return findings.map((finding) => {
      const since = this.since.get(finding.code) ?? now;
      this.since.set(finding.code, since);
      return { ...finding, since };
    });
  }

  /** Writes what began and what ended since the last call. */
  log(alerts: readonly Alert[]): void {
    const codes = new Set(alerts.map(({ code }) => code));
    for (const [code, was] of this.logged) if (!codes.has(code)) this.logEnd(was);
    for (const alert of alerts) if (!this.logged.has(alert.code)) this.logBegin(alert);
  }

  /** Nothing more is judged. */
  stop(): void {
    this.lines.flush();
  }

  private logBegin(alert: Alert): void {
    const { code, severity, message } = alert;
    this.logged.set(code, alert);
    this.write(code, `${code}: ${message}`, (line) =>
      severity === 'unhealthy' ? this.logger.error(line) : this.logger.warn(line),
    );
  }

  private logEnd({ code, since }: Alert): void {
    this.logged.delete(code);
    const line = `${code} is over, after ${ageInWords(this.clock.now() - since)}.`;
    this.write(`${code} over`, line, (text) => this.logger.log(text));
  }

  private write(kind: string, line: string, to: (line: string) => void): void {
    this.lines.add({
      kind,
      write: () => to(line),
      sum: ({ count, seconds }) => to(`${line} (${count} more times within ${seconds} s)`),
    });
  }
}
