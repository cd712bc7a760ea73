import type { LogLevel } from '@nestjs/common';
import type { BufferHandle } from '../buffer/buffer-words.js';
import type { RefusalRecord } from '../consume/refusal-record.js';
import type { ErrorRecord, EventOptions, HandlerPlace } from '../events/event-words.js';

/** What a thread is started with (`workerData`). */
export interface ThreadStart {
  /** 1 to 63. */
  readonly owner: number;
  readonly buffer: BufferHandle;
  /** First half of every event's id. */
  readonly bus: string;
  /** Path or file URL, with `#Name`. */
  readonly module: string;
  /** Bytes of UTF-8: a thread refuses what is larger itself, and posts none of it. */
  readonly maxEventSize: number;
  /** See `sharedOrigin()`. */
  readonly timeOrigin: number;
  readonly concurrency: number;
  readonly handlerTimeoutMs: number;
  /** How often it counts its `beat` up once it is ready, idle or not, milliseconds: one that stops is taken for hung. */
  readonly beatEveryMs: number;
  readonly weights: readonly [critical: number, normal: number, low: number];
  readonly logLevels: readonly string[] | null;
}

/** A type that a thread's module handles, and where its decorators say it runs. */
export interface HandledType {
  readonly type: string;
  readonly place: HandlerPlace;
}

/** From the app to a thread. The bell is the number 0: there is something to claim. */
export type ToThread =
  | 0
  /** Claim from now on; index in the list = the number of a type. Sent again, longer, when the list has grown. */
  | { readonly kind: 'types'; readonly types: readonly string[] }
  /** Claim nothing any more, finish, close the Nest context, exit; after `withinMs` the thread is terminated. */
  | { readonly kind: 'stop'; readonly withinMs: number }
  /** The answer to an `emit`: an id, or why it was refused (`refusalRecordOf`). */
  | { readonly kind: 'emitted'; readonly call: number; readonly id?: string; readonly error?: RefusalRecord };

/** A line that was logged in a thread: the app's own logger writes it, so it looks, and goes, as all others. */
export interface ThreadLogLine {
  readonly kind: 'log';
  readonly level: LogLevel;
  /** What Nest's logger was called with; its context last. */
  readonly values: readonly unknown[];
}

/** From a thread to the app. */
export type FromThread =
  /** Booted: handles these types, and waits for `types`. */
  | { readonly kind: 'ready'; readonly handles: readonly HandledType[] }
  /** Could not boot; exits after it. */
  | { readonly kind: 'boot-failed'; readonly error: ErrorRecord }
  /** A run failed: the slot stays claimed until the app decides. */
  | {
      readonly kind: 'failed';
      readonly slot: number;
      readonly generation: number;
      readonly error: ErrorRecord;
    }
  /** Somebody asked to be told of room (the buffer's `wantsRoom`), and there is some. */
  | { readonly kind: 'room' }
  /** More waits than it takes up soon, and nobody was rung for it: it had dozed. */
  | { readonly kind: 'behind' }
  /** A line for the app's logger (`logFromThread`). */
  | ThreadLogLine
  | {
      readonly kind: 'emit';
      readonly call: number;
      readonly type: string;
      readonly json: string;
      readonly options: EventOptions;
      readonly carried?: string;
    };
