import type { BrokerAnswers } from './broker-answers.js';

/** What probes ask of the start and the stop of the process. */
export interface ProcessState {
  /** Whether the app has started and does not stop. */
  readonly isReady: boolean;
}

/**
 * Whether this process lives, and whether it should be sent work. It lives while its event loop answers: what is asked from outside, such as
 * Redis, would end healthy processes by the dozen when that is away. It is ready from the end of the start until a shutdown begins, while the
 * broker has answered within 10 s.
 */
export class ProcessProbes {
  constructor(
    private readonly state: ProcessState,
    private readonly answers: Pick<BrokerAnswers, 'areRecent'>,
  ) {}

  async isReady(): Promise<boolean> {
    // Asked again behind the broker's answer: a shutdown may have begun meanwhile.
    return this.state.isReady && (await this.answers.areRecent()) && this.state.isReady;
  }
}
