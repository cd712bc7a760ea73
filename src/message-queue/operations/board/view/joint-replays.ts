/** Replays that one click asks for one by one, all at once: one step in the broker, and one entry in the audit. */
export class JointReplays {
  private ids: string[] = [];
  private done: Promise<unknown> = Promise.resolve();

  constructor(private readonly replay: (ids: readonly string[]) => Promise<unknown>) {}

  /** @returns when the replays that were asked for together with this one are done */
  async add(id: string): Promise<void> {
    if (this.ids.push(id) === 1) this.done = Promise.resolve().then(() => this.replay(this.taken()));
    await this.done;
  }

  private taken(): readonly string[] {
    const { ids } = this;
    this.ids = [];
    return ids;
  }
}
