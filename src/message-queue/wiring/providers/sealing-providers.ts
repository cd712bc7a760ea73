import type { Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { InvalidConfigurationError } from '../../../kernel/errors.js';
import { SafeLogger } from '../../../kernel/host/safe-logger.js';
import { Clock } from '../../../kernel/time/clock.js';
import { answeredWithin } from '../../../kernel/time/answered-within.js';
import { printable } from '../../../kernel/logging/printable.js';
import { opensUnlocked } from '../../../kernel/values/environment-name.js';
import { InMemoryKeyProvider, PUBLISHED_KEY_ID } from '../../adapters/in-memory/index.js';
import { KeysRequiredError } from '../../jobs/sealing/sealing-errors.js';
import type { MessageQueueConfig } from '../../message-queue.options.js';
import { MESSAGE_QUEUE_CONFIG } from '../../message-queue.tokens.js';
import { KeyProvider } from '../../ports/encryption/key-provider.js';
import { PublicationSeal } from '../../ports/privacy/publication-seal.js';
import { AppCodecKeys } from '../../privacy/keys/app-codec-keys.js';
import { AppKeys } from '../../privacy/keys/app-keys.js';
import { MOST_RING_KEYS } from '../../privacy/keys/ledger-keys.js';
import { PayloadCodec } from '../../privacy/payload-codec.js';
import { SealedPublications } from '../../privacy/sealed-publications.js';

/** How long a start waits for the first key, milliseconds. */
const FIRST_KEY_MS = 5_000;

/** What seals the payloads of an app's queues, and what its processes tell each other. */
export const SEALING_PROVIDERS: readonly Provider[] = [
  {
    provide: PayloadCodec,
    useFactory: (config: MessageQueueConfig, moduleRef: ModuleRef, clock: Clock) => {
      const { sealing, unsealed, keyCache } = config.privacy;
      const openKeys = (): AppCodecKeys => {
        const { stored } = moduleRef.get(AppKeys, { strict: false });
        const ring = moduleRef.get(KeyProvider, { strict: false });
        return new AppCodecKeys(stored?.dataKeys ?? null, ring, clock, keyCache);
      };
      return new PayloadCodec({ sealing, unsealed, timeoutMs: config.enqueueTimeoutMs, openKeys });
    },
    inject: [MESSAGE_QUEUE_CONFIG, ModuleRef, Clock],
  },
  {
    provide: SealedPublications,
    useFactory: (codec: PayloadCodec) => new SealedPublications(codec),
    inject: [PayloadCodec],
  },
  { provide: PublicationSeal, useExisting: SealedPublications },
];

/** The key provider of a host that plugged none in. */
export const DEFAULT_KEY_PROVIDER: Provider = {
  provide: KeyProvider,
  useFactory: ({ provider, environment }: MessageQueueConfig) =>
    new InMemoryKeyProvider({ isPublished: provider === 'redis' && opensUnlocked(environment) }),
  inject: [MESSAGE_QUEUE_CONFIG],
};

/**
 * Looks whether what is sealed has keys, and gets the first one. Keys that cannot be had for now keep no app from starting.
 * @throws KeysRequiredError when nobody said with which keys, or said the published ones where nothing may be open;
 * InvalidConfigurationError when the ring has more than 4 keys
 */
export async function checkKeys(
  codec: PayloadCodec,
  publications: SealedPublications,
  provider: KeyProvider,
  config: MessageQueueConfig,
): Promise<void> {
  const sealed = codec.sealedQueues().map((name) => `"${name}"`);
  if (publications.isOn) sealed.push('events for sockets of other processes');
  if (sealed.length === 0) return;
  const logger = new SafeLogger('MessageQueueModule');
  if (provider instanceof InMemoryKeyProvider) {
    const isAlone = config.provider !== 'redis' && config.environment !== 'production' && !publications.isOn;
    if (!isAlone && !provider.isPublished) throw keysRequired(sealed, config);
    if (provider.isPublished && config.environment !== 'test') {
      logger.warn(
        'Jobs are sealed with the published development key, which protects nothing: plug in a KeyProvider of your own before you store what matters.',
      );
    }
  }
  try {
    const tooLate = (): Error => new Error('It did not answer.');
    const ids = await answeredWithin(provider.ids(), FIRST_KEY_MS, tooLate);
    if (ids.includes(PUBLISHED_KEY_ID) && !opensUnlocked(config.environment)) {
      throw keysRequired(sealed, config);
    }
    if (ids.length > MOST_RING_KEYS) throw tooManyKeys(ids);
    await answeredWithin(provider.current(), FIRST_KEY_MS, tooLate);
  } catch (error) {
    if (error instanceof KeysRequiredError || error instanceof InvalidConfigurationError) throw error;
    logger.warn(
      `The key provider has no key for now (${printable(String(error))}): jobs are neither added nor run until it has.`,
    );
  }
}

function tooManyKeys(ids: readonly string[]): InvalidConfigurationError {
  const named = ids.map((id) => `"${printable(id)}"`).join(', ');
  const message =
    `has ${ids.length} keys (${named}), and may have ${MOST_RING_KEYS} where jobs are sealed: an add with an idempotency key looks for it under each. ` +
    'Drop the oldest once nothing needs them: after Privacy.rewrapKeys() says left: 0, and without a DataKeyStore after Privacy.reseal(queue) for ' +
    'each sealed queue, or when the last job that they sealed is gone';
  return new InvalidConfigurationError('The message queue cannot start:', [{ path: 'KeyProvider', message }]);
}

function keysRequired(sealed: readonly string[], { environment }: MessageQueueConfig): KeysRequiredError {
  const where =
    environment === 'unset' ? `on Redis while NODE_ENV is neither development nor test` : `in ${environment}`;
  return new KeysRequiredError([
    `The app does not start ${where}: ${sealed.join(', ')} are sealed, and nobody said with which keys. Make one, and plug in a KeyProvider, here the one of nestjs-message-queue/adapters/environment-keys:`,
    '  ENCRYPTION_KEYS="k-1:$(openssl rand -base64 32)"',
    '  adapters: [{ provide: KeyProvider, useFactory: (config: ConfigService) => EnvironmentKeyProvider.from(config), inject: [ConfigService] }]',
    `The key named "${PUBLISHED_KEY_ID}" is published and counts as none. To store content in plain text instead: privacy: { sealing: 'off' }, or MESSAGE_QUEUE_SEALING=off.`,
  ]);
}
