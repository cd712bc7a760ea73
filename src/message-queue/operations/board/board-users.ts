import { AsyncLocalStorage } from 'node:async_hooks';
import type { BoardRight, Visitor } from '../access/operator.js';

/** Knows whose request the board is answering. */
export class BoardUsers {
  private readonly current = new AsyncLocalStorage<Visitor>();

  /** What is called is done by whoever was let in. */
  run<T>(visitor: Visitor, act: () => T): T {
    return this.current.run(visitor, act);
  }

  /** Who asks. */
  get id(): string {
    return this.current.getStore()?.name ?? 'board';
  }

  /** Whether whoever asks may change something. */
  get mayChange(): boolean {
    return this.current.getStore()?.role === 'operator';
  }

  /** Whether whoever asks has a right. */
  may(right: BoardRight): boolean {
    return this.current.getStore()?.rights?.includes(right) === true;
  }
}
