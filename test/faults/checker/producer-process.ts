import type { ChildProcess } from 'node:child_process';
import type { AddOrder, AddReport } from '../process/add-order.js';

/** Orders jobs from the process that adds them. */
export class ProducerProcess {
  private readonly open = new Map<number, (report: AddReport) => void>();
  private ended = false;

  constructor(readonly child: ChildProcess) {
    child.on('message', (report: AddReport) => {
      this.open.get(report.number)?.(report);
      this.open.delete(report.number);
    });
    child.once('exit', () => {
      this.ended = true;
      for (const [number, settle] of this.open) settle({ number, calls: [] });
      this.open.clear();
    });
  }

  /** What came of the order; of one that the process did not live to report, no call. */
  add(order: AddOrder): Promise<AddReport> {
    if (this.ended) return Promise.resolve({ number: order.number, calls: [] });
    return new Promise((resolve) => {
      this.open.set(order.number, resolve);
      this.child.send(order);
    });
  }
}
