import type { InjectionToken } from '@nestjs/common';
import { kindThat } from '../../../../kernel/values/kind.js';
import type { Kind } from '../../../../kernel/values/kind.js';
import { isRecord } from '../../../../kernel/values/kinds.js';
import type { AlertSink } from '../../../ports/alerts/alert-sink.js';

/** A sink that is made of what the app provides: what `inject` names is given to the factory, in this order. */
export interface AlertSinkFactory {
  readonly inject: readonly InjectionToken[];
  readonly useFactory: (...injected: never[]) => AlertSink | Promise<AlertSink>;
}

/** A sink, or how it is made. */
export type GivenSink = AlertSink | AlertSinkFactory;

/** Whether it has to be made. */
export function isSinkFactory(sink: GivenSink): sink is AlertSinkFactory {
  return 'useFactory' in sink;
}

/** Sinks as a host gives them. */
export function givenSinks(): Kind<readonly GivenSink[]> {
  return kindThat(
    'a list of alert sinks: webhookAlerts(…), emailAlerts(…), an AlertSink of your own, or { inject, useFactory } that makes one',
    (value) => Array.isArray(value) && value.every(isSink),
  );
}

function isSink(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const isMade = typeof value.send === 'function' && typeof value.name === 'string' && value.name !== '';
  return isMade || (typeof value.useFactory === 'function' && Array.isArray(value.inject));
}
