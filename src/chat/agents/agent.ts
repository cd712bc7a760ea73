/** What an agent is asked. */
export interface AgentQuestion {
  /** Which agent it is for. */
  readonly agentType: string;
  /** Who asks. */
  readonly userId: string;
  readonly conversationId: string;
  /** What they wrote; it has passed the message rules. */
  readonly message: string;
}

/** Answers what people ask. A port: plug in an agent of your own, such as a language model, in place of the echo. */
export abstract class Agent {
  /**
   * The answer, piece by piece as it is made; no piece at all is an answer too. A question whose job is run again is asked again.
   * @param signal ends the answer: rejects with its reason then
   */
  abstract answer(question: AgentQuestion, signal: AbortSignal): AsyncIterable<string>;
}
