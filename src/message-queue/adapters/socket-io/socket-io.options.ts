import type { RedisSettings, RedisTls } from '../../../kernel/redis/redis-settings.js';
import { kindThat } from '../../../kernel/values/kind.js';
import { isRecord, milliseconds, text } from '../../../kernel/values/kinds.js';
import { defaulted, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf } from '../../../kernel/values/options.js';

/** Where to find the Redis that the processes share; the `redis` of a `MessageQueueConfig` fits. */
export interface SocketIoRedis extends Omit<RedisSettings, 'tls'> {
  /** `true`: with the certificate authorities that Node.js trusts. */
  readonly tls: boolean | RedisTls;
}

/** How {@link SocketIoTransport} finds the sockets. */
export interface SocketIoTransportOptions {
  /** Joins the Socket.IO servers of all processes. Null or absent: only the sockets of this process. */
  readonly redis?: SocketIoRedis | null;
  /** First part of the Redis channels; the same in all processes of one app. Default `message-queue`. */
  readonly prefix?: string;
  /** How long a client may take to acknowledge a message, milliseconds. Default 3 000. */
  readonly ackTimeoutMs?: number;
  /**
   * How old a message that nobody acknowledges may become before it counts as offline and waits for the recipient's next
   * connection, milliseconds; until then it is tried again. Longer than it takes to notice a dead socket. Default 60 000.
   */
  readonly patienceMs?: number;
}

const REDIS = kindThat<SocketIoRedis | null>(
  'the `redis` of a MessageQueueConfig, or null',
  (value) => value === null || isRecord(value),
);

const FIELDS = {
  redis: defaulted(REDIS, null),
  prefix: defaulted(text(), 'message-queue'),
  ackTimeoutMs: defaulted(milliseconds(1), 3_000),
  patienceMs: defaulted(milliseconds(0), 60_000),
} satisfies FieldsOf<SocketIoTransportOptions>;

/** @throws InvalidConfigurationError listing every mistake */
export function resolveSocketIoOptions(
  options: SocketIoTransportOptions,
): Required<SocketIoTransportOptions> {
  return resolveOptions('SocketIoTransport', options, FIELDS);
}
