import { noteRejection } from '../../../kernel/host/guarded-call.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { RepeatedLines } from '../../../kernel/logging/repeated-lines.js';
import type { Clock } from '../../../kernel/time/clock.js';
import { Refusal } from '../../../kernel/values/kind.js';
import { id } from '../../../kernel/values/kinds.js';
import type { EventBusSettings } from '../../configuration/event-bus-settings.js';
import { currentEvent } from '../../consume/current-event.js';
import { HandlerContext } from '../../consume/handler-context.js';

const LOG_EVERY_MS = 10_000;
const CORRELATION_ID = id(255);

/** What of an emit's surroundings travels with the event: its correlation id, and what the host carries along. */
export class CarriedContext {
  private readonly logger = new SafeLogger('BufferedEvents');
  private readonly lines: RepeatedLines;

  constructor(
    private readonly settings: Pick<EventBusSettings, 'correlationId' | 'carry' | 'maxEventSize'>,
    clock: Clock,
  ) {
    this.lines = new RepeatedLines(clock, LOG_EVERY_MS);
  }

  /** That of the event being handled here, else what the host says; undefined: the event's own id. */
  correlationId(): string | undefined {
    const current = currentEvent();
    if (current !== undefined) return current.correlationId;
    const { correlationId } = this.settings;
    if (correlationId === null) return undefined;
    const given = this.ask('correlationId', correlationId);
    if (given === undefined || given === null) return undefined;
    const read = CORRELATION_ID.read(given);
    if (!(read instanceof Refusal)) return read;
    this.failed('correlationId', `It returned no ${CORRELATION_ID.expected}.`);
    return undefined;
  }

  /** What came with the event being handled here, as in a thread; else what the host carries along, as JSON. */
  carried(): string | undefined {
    const { carry, maxEventSize } = this.settings;
    if (carry === null) return undefined;
    const current = currentEvent();
    if (current instanceof HandlerContext && current.carriedJson !== undefined) return current.carriedJson;
    const given = this.ask('carry', carry);
    if (given === undefined) return undefined;
    try {
      const json = JSON.stringify(given) as string | undefined;
      if (json === undefined || Buffer.byteLength(json) <= maxEventSize) return json;
      this.failed('carry', `It returned more than maxEventSize (${maxEventSize} bytes) as JSON.`);
    } catch {
      this.failed('carry', 'It returned what cannot be JSON.');
    }
    return undefined;
  }

  private ask(name: string, code: () => unknown): unknown {
    try {
      const answer = code();
      if (!(answer instanceof Promise)) return answer;
      noteRejection(answer, () => undefined);
      this.failed(name, 'It returned a promise, but must answer at once.');
    } catch (error) {
      this.failed(
        name,
        error instanceof Error ? (error.stack ?? error.message) : 'What it threw is no Error.',
      );
    }
    return undefined;
  }

  private failed(name: string, why: string): void {
    const text = `The configuration's ${name}() failed; events are emitted without what it would have said.`;
    this.lines.add({
      kind: name,
      write: () => this.logger.error(text, why),
      sum: ({ count, seconds }) => this.logger.error(`${text} ${count} more times in ${seconds} s.`, why),
    });
  }
}
