import { Broker } from './broker/broker.js';

/** Injection token of the validated, frozen `MessageQueueConfig` of the app. */
export const MESSAGE_QUEUE_CONFIG = Symbol.for('nestjs-message-queue:config');

/** Injection token of a configuration: the app's, or that of a further Redis. */
export function getConfigToken(configKey?: string): symbol {
  return configKey === undefined
    ? MESSAGE_QUEUE_CONFIG
    : Symbol.for(`nestjs-message-queue:config:${configKey}`);
}

/** Injection token of a broker: the class `Broker` for the app's, another for that of a further Redis. */
export function getBrokerToken(configKey?: string): symbol | (abstract new () => Broker) {
  return configKey === undefined ? Broker : Symbol.for(`nestjs-message-queue:broker:${configKey}`);
}
