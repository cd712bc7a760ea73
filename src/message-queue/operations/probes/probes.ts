import type { HttpServer } from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import type { Clock } from '../../../kernel/time/clock.js';
import type { ManagedQueues } from '../../broker/managed-queues.js';
import { mountAt, mountedAddress } from '../http/mount.js';
import type { HttpStep } from '../http/mount.js';
import { BrokerAnswers } from './broker-answers.js';
import { ProbeFile } from './probe-file.js';
import { ProbePort } from './probe-port.js';
import { probeSteps } from './probe-steps.js';
import { ProcessProbes } from './process-probes.js';
import type { ProcessState } from './process-probes.js';
import type { ProbesSettings } from './probes-settings.js';

/** What probes are made of. */
export interface ProbesParts {
  /** Null: there are none. */
  readonly settings: ProbesSettings | null;
  readonly state: ProcessState;
  readonly queues: ManagedQueues;
  readonly clock: Clock;
}

/** What else the port of its own serves. */
export interface PortPage {
  readonly path: string;
  readonly step: HttpStep;
}

/** The probes of a process: in the app's web server, on a port of their own, by a file. */
export class Probes {
  readonly #probes: ProcessProbes;
  readonly #settings: ProbesSettings | null;
  readonly #mountedAt: string[] = [];
  /** What else the port serves, in words. */
  #beside = '';
  #port: ProbePort | undefined;
  #file: ProbeFile | undefined;

  constructor({ settings, state, queues, clock }: ProbesParts) {
    this.#settings = settings;
    this.#probes = new ProcessProbes(state, new BrokerAnswers(queues, clock));
    if (settings?.file !== undefined) this.#file = new ProbeFile(settings.file, this.#probes, clock);
  }

  /** Where they are, in words for the log; null where there are none. */
  get places(): string | null {
    if (this.#settings === null) return null;
    const { path, port, file } = this.#settings;
    const places = [
      ...(port === undefined ? [] : [`port ${port}${this.#beside}`]),
      ...(file === undefined ? [] : [`the file ${file}`]),
      ...this.#mountedAt,
    ];
    return `${path}/live and ${path}/ready, on ${places.join(', ') || 'nothing: this process has no web server'}`;
  }

  /** Puts them into the web server of the app. */
  mount(server: HttpServer, app: ApplicationConfig): void {
    for (const { address, step } of this.#steps()) mountAt(server, mountedAddress(app, address), step);
    if (this.#settings !== null) this.#mountedAt.push('the web server');
  }

  /**
   * Opens the port and prepares the file.
   * @param pages what else the port serves
   * @throws InvalidConfigurationError when the port is taken or the file cannot be written
   */
  async open(pages: readonly PortPage[]): Promise<void> {
    this.#file?.open();
    const { port, host } = this.#settings ?? {};
    if (port === undefined) return;
    if (pages.length > 0) this.#beside = ` with ${pages.map(({ path }) => path).join(' and ')}`;
    const further = pages.map(({ path, step }) => ({ address: path, step }));
    this.#port = new ProbePort(port, host, [...this.#steps(), ...further]);
    await this.#port.open();
  }

  /** The app has started. */
  begin(): void {
    void this.#file?.begin();
  }

  /** A shutdown begins: to be called once the process counts as not ready, before anything stops. */
  end(): void {
    this.#file?.end();
  }

  /** The last step of a shutdown: until then the process lives. */
  async close(): Promise<void> {
    await this.#port?.close();
  }

  #steps(): ReturnType<typeof probeSteps> {
    return this.#settings === null ? [] : probeSteps(this.#settings.path, this.#probes);
  }
}
