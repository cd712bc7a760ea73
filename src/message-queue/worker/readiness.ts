/**
 * Whether this process should be sent work. Not whether Redis answers: that is health, the same for every process, and no
 * reason to take all of them out of service at once.
 */
export class Readiness {
  private state: 'starting' | 'ready' | 'stopping' = 'starting';

  get isReady(): boolean {
    return this.state === 'ready';
  }

  /** Whether the process has begun to shut down. */
  get isStopping(): boolean {
    return this.state === 'stopping';
  }

  /** The app has started. Without effect on one that stops already. */
  begin(): void {
    if (!this.isStopping) this.state = 'ready';
  }

  /** The first step of a shutdown. */
  end(): void {
    this.state = 'stopping';
  }
}
