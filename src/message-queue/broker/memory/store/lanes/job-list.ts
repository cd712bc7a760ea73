/** The links that a list keeps in its members. */
export interface Linked<T> {
  prev: T | null;
  next: T | null;
  /** The list that holds it. */
  list: object | null;
}

/** A doubly linked list whose links live in the jobs: adding, taking and leaving from anywhere are O(1). */
export class JobList<T extends Linked<T>> {
  head: T | null = null;
  tail: T | null = null;
  size = 0;

  push(job: T): void {
    this.insertAfter(job, this.tail);
  }

  unshift(job: T): void {
    this.insertAfter(job, null);
  }

  /** Puts `job` behind `anchor`; a null anchor means the front. */
  insertAfter(job: T, anchor: T | null): void {
    const following = anchor === null ? this.head : anchor.next;
    job.list = this;
    job.prev = anchor;
    job.next = following;
    if (anchor === null) this.head = job;
    else anchor.next = job;
    if (following === null) this.tail = job;
    else following.prev = job;
    this.size += 1;
  }

  remove(job: T): void {
    if (job.list !== this) return;
    if (job.prev === null) this.head = job.next;
    else job.prev.next = job.next;
    if (job.next === null) this.tail = job.prev;
    else job.next.prev = job.prev;
    job.prev = null;
    job.next = null;
    job.list = null;
    this.size -= 1;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let job = this.head; job !== null;) {
      // A consumer may remove the job it was given.
      const following: T | null = job.next;
      yield job;
      job = following;
    }
  }

  /** From the tail to the head. */
  *reversed(): Generator<T> {
    for (let job = this.tail; job !== null;) {
      const preceding: T | null = job.prev;
      yield job;
      job = preceding;
    }
  }
}
