import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type * as PiscinaModule from 'piscina';
import { inRootContext } from '../../../kernel/host/root-context.js';
import { MessageQueueError } from '../../../kernel/errors.js';
import { milliseconds, numberFrom, text, wholeNumber } from '../../../kernel/values/kinds.js';
import { defaulted, resolveOptions } from '../../../kernel/values/options.js';
import type { FieldsOf } from '../../../kernel/values/options.js';
import {
  MalformedEnvelopeError,
  TamperedContentError,
  UnknownAlgorithmError,
  WrongKeyError,
} from '../../ports/encryption/encryption-errors.js';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import { MessageCipher } from '../../ports/encryption/message-cipher.js';
import type {
  OpenedContent,
  OpenRequest,
  SealedContent,
  SealRequest,
} from '../../ports/encryption/message-cipher.js';
import { keyIdOf, parseEnvelope } from '../shared/sealing/envelope.js';
import { knownKey } from '../shared/sealing/known-key.js';
import { loadOptionalPackage } from '../../../kernel/host/optional-package.js';
import { knownAlgorithm, openWith, sealWith } from '../shared/sealing/sealing.js';
import type { CipherAnswer } from './cipher.worker.js';

/** From which size on, and on how many threads. */
export interface PooledCipherOptions {
  /** Contents of this many characters and more go to a thread. Default 500 000 (measured, docs/encryption.md). */
  readonly fromCharacters?: number;
  /** Default: one less than there are processors, at least 1. Threads start with the first large content. */
  readonly maxThreads?: number;
  /** How long a thread stays without work, milliseconds. Default 30 000. */
  readonly idleTimeoutMs?: number;
  /** For bundlers: where `cipher.worker.js` of this folder ended up. */
  readonly workerFile?: string;
}

const FIELDS = {
  fromCharacters: defaulted(numberFrom(0, Number.POSITIVE_INFINITY, 'characters'), 500_000),
  maxThreads: defaulted(wholeNumber(1), Math.max(1, availableParallelism() - 1)),
  idleTimeoutMs: defaulted(milliseconds(0), 30_000),
  workerFile: defaulted(text(), join(__dirname, 'cipher.worker.js')),
} satisfies FieldsOf<PooledCipherOptions>;

/** A thread died under its work, which may be tried again. */
class CipherThreadError extends MessageQueueError {
  readonly code = 'ENCRYPTION_THREAD';
}

const ERRORS: Readonly<Record<string, new (message: string) => Error>> = {
  ENCRYPTION_TAMPERED: TamperedContentError,
  ENCRYPTION_MALFORMED_ENVELOPE: MalformedEnvelopeError,
  ENCRYPTION_WRONG_KEY: WrongKeyError,
  ENCRYPTION_UNKNOWN_ALGORITHM: UnknownAlgorithmError,
};

/**
 * Small contents on the calling thread, large ones on a pool of threads (package `piscina`), so that they do not hold up the event
 * loop. Same envelopes as NodeMessageCipher.
 *
 * ```ts
 * adapters: [{ provide: MessageCipher, inject: [KeyProvider], useFactory: (keys: KeyProvider) => new PooledMessageCipher(keys) }]
 * ```
 */
@Injectable()
export class PooledMessageCipher extends MessageCipher implements OnApplicationShutdown {
  private readonly options: Required<PooledCipherOptions>;
  private readonly library: typeof PiscinaModule;
  private pool: PiscinaModule.Piscina | null = null;

  /** @throws MissingPackageError; InvalidConfigurationError listing every option that is wrong */
  constructor(
    private readonly keys: KeyProvider,
    options: PooledCipherOptions = {},
  ) {
    super();
    this.options = resolveOptions('PooledMessageCipher', options, FIELDS);
    this.library = loadOptionalPackage('piscina', 'threads for large messages');
  }

  override async seal(request: SealRequest, signal?: AbortSignal): Promise<SealedContent> {
    if (request.algorithm !== undefined) knownAlgorithm(request.algorithm);
    const key = await knownKey(this.keys, request.keyId, signal);
    if (request.content.length < this.options.fromCharacters) return sealWith(key, request);
    return this.run<SealedContent>('seal', { key: plain(key), request }, signal);
  }

  override async open(request: OpenRequest, signal?: AbortSignal): Promise<OpenedContent> {
    const isSmall = request.envelope.length < this.options.fromCharacters;
    const envelope = isSmall ? parseEnvelope(request.envelope) : null;
    const key = await knownKey(this.keys, envelope?.keyId ?? keyIdOf(request.envelope), signal);
    if (envelope !== null) return openWith(key, request.messageId, envelope);
    return this.run<OpenedContent>('open', { key: plain(key), request }, signal);
  }

  /** Ends the threads after the queues have drained. */
  async onApplicationShutdown(): Promise<void> {
    await this.pool?.destroy();
  }

  private async run<T>(name: 'seal' | 'open', task: object, signal: AbortSignal | undefined): Promise<T> {
    this.pool ??= inRootContext(() => this.createPool());
    let answer: CipherAnswer<T>;
    try {
      answer = (await this.pool.run(task, { name, signal })) as CipherAnswer<T>;
    } catch {
      signal?.throwIfAborted();
      // The cause is left out on purpose: it may hold the task.
      throw new CipherThreadError(`A thread died while working on a message (${name}).`);
    }
    if ('value' in answer) return answer.value;
    const { code, message } = answer.failure;
    throw new (ERRORS[code] ?? CipherThreadError)(message);
  }

  private createPool(): PiscinaModule.Piscina {
    const { maxThreads, idleTimeoutMs, workerFile } = this.options;
    const pool = new this.library.Piscina({
      filename: workerFile,
      minThreads: 0,
      maxThreads,
      idleTimeout: idleTimeoutMs,
    });
    // A thread that cannot even start leaves its work waiting forever: end all of it, the next content gets a new pool.
    pool.on('error', () => {
      if (this.pool === pool) this.pool = null;
      void pool.destroy();
    });
    return pool;
  }
}

/** A Buffer's bytes alone: a small one is a view on memory that many share, and would take all of it along. */
function plain(key: { readonly id: string; readonly secret: Uint8Array }): {
  id: string;
  secret: Uint8Array;
} {
  return { id: key.id, secret: Uint8Array.from(key.secret) };
}
