import { MessageQueueError } from '../../../kernel/errors.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { errorCodesOf } from '../../../kernel/logging/error-text.js';
import { RepeatedLines } from '../../../kernel/logging/repeated-lines.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { settlesWithin } from '../../../kernel/time/settles-within.js';
import { untilAborted } from '../../../kernel/time/until-aborted.js';
import type { ActivityStore, StoredAlert } from '../../broker/activity-store.js';
import type { AlertNotice } from '../../jobs/events/alert-notice.js';
import type { AlertSink } from '../../ports/alerts/alert-sink.js';
import { noticeOf } from './shown-alert.js';
import { isMuted } from './alert-state.js';

type Store = Pick<ActivityStore, 'moveAlert' | 'look'>;

/** How long one sink may take for one alert, milliseconds. */
const LONGEST_SEND_MS = 60_000;
/** A failing sink is a line of the log this often, milliseconds. */
const LINE_EVERY_MS = 60_000;
/** How often a transition that was sent is noted again when somebody else moves the alert meanwhile. */
const NOTE_TRIES = 5;
const STOP_TIMEOUT_MS = 500;

/**
 * Tells sinks, each for itself: one that fails or hangs delays no other, nor the next evaluation, and is asked again with it. Who was told is
 * stored after it: a process that dies between tells somebody twice.
 */
export class AlertDelivery {
  private readonly logger = new SafeLogger('Alerts');
  private readonly lines: RepeatedLines;
  /** Sinks that are being told, by alert. */
  private readonly underWay = new Map<string, Promise<void>>();
  /** What each sink was told last of each alert by this process. */
  private readonly told = new Map<string, string>();
  private noting: Promise<void> = Promise.resolve();
  private readonly ended = new AbortController();

  constructor(
    private readonly sinks: readonly AlertSink[],
    private readonly runbookUrl: string,
    clock: Clock,
  ) {
    this.lines = new RepeatedLines(clock, LINE_EVERY_MS);
  }

  /** Tells those that were not told of an alert yet, unless it is muted. Does not wait for them. Never throws. */
  deliver(alert: StoredAlert, at: number, store: Store): void {
    if (alert.toSend === null || isMuted(alert, at)) return;
    const notice = noticeOf(alert, this.runbookUrl);
    for (const sink of this.sinks) {
      if (!alert.sentTo.includes(sink.name)) {
        this.begin(sink, notice, () => this.note(alert, sink.name, store));
      }
    }
  }

  /** Tells every sink of what no store can remember. Does not wait for them. Never throws. */
  tell(notice: AlertNotice): void {
    for (const sink of this.sinks) this.begin(sink, notice, () => Promise.resolve());
  }

  /** Resolves when nobody is being told any more. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay.values());
  }

  /** Waits briefly for those that are being told, and gives the others up: the next leader tells them. */
  async stop(): Promise<void> {
    await settlesWithin(this.settled(), STOP_TIMEOUT_MS);
    this.ended.abort(new Error('The process ends.'));
    this.lines.flush();
  }

  /** Unless this sink is being told of the same alert. What it was told already is only noted: the look is older than the telling. */
  private begin(sink: AlertSink, notice: AlertNotice, note: () => Promise<void>): void {
    const key = `${sink.name}\0${notice.rule}\0${notice.queue ?? ''}`;
    if (this.underWay.has(key) || this.ended.signal.aborted) return;
    const told = `${notice.id}\0${notice.status}\0${notice.reminder}`;
    const sent = this.told.get(key) === told ? Promise.resolve(true) : this.send(sink, notice);
    const done = sent
      .then((isTold) => {
        if (!isTold) return undefined;
        this.told.set(key, told);
        return note();
      })
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, done);
  }

  /** @returns whether it was told */
  private async send(sink: AlertSink, notice: AlertNotice): Promise<boolean> {
    const signal = AbortSignal.any([this.ended.signal, AbortSignal.timeout(LONGEST_SEND_MS)]);
    try {
      await untilAborted(Promise.resolve(sink.send(notice, signal)), signal);
      return true;
    } catch (error) {
      if (!this.ended.signal.aborted) this.report(sink.name, notice, error);
      return false;
    }
  }

  /** One after the other: each begins with what the one before has stored. */
  private note(sent: StoredAlert, sink: string, store: Store): Promise<void> {
    this.noting = this.noting.then(() => this.noteNow(sent, sink, store)).catch(() => undefined);
    return this.noting;
  }

  private async noteNow(sent: StoredAlert, sink: string, store: Store): Promise<void> {
    for (let tries = 0; tries < NOTE_TRIES; tries++) {
      const { alerts, at } = await store.look([]);
      const now = alerts.find(({ rule, queue }) => rule === sent.rule && queue === sent.queue);
      if (now === undefined || !isSameTelling(now, sent)) return;
      const sentTo = [...now.sentTo.filter((name) => name !== sink), sink];
      const isDone = this.sinks.every(({ name }) => sentTo.includes(name));
      const next: StoredAlert = {
        ...now,
        sentTo,
        sentAt: now.sentTo.length === 0 ? at : now.sentAt,
        toSend: isDone ? null : now.toSend,
        version: now.version + 1,
      };
      if (await store.moveAlert(next)) return;
    }
  }

  private report(sink: string, { rule, queue }: AlertNotice, error: unknown): void {
    const why = error instanceof MessageQueueError ? error.message : errorCodesOf(error);
    const of = queue === null ? rule : `${rule} of "${queue}"`;
    this.lines.add({
      kind: sink,
      write: () => this.logger.error(`"${sink}" was not told of the alert ${of}, and is asked again: ${why}`),
      sum: ({ count, seconds }) =>
        this.logger.error(
          `"${sink}" was not told of alerts ${count} more times within ${seconds} s, the last time of ${of}: ${why}`,
        ),
    });
  }
}

/** Whether it is still what was told: neither over nor told again since. */
function isSameTelling(now: StoredAlert, sent: StoredAlert): boolean {
  return now.incident === sent.incident && now.toSend === sent.toSend && now.reminders === sent.reminders;
}
