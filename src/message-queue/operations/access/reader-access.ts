import { HttpException } from '@nestjs/common';
import type { Exchange } from '../http/exchange.js';
import type { AccessMethod, Admission, OperatorReader, Refused } from './admission.js';
import { admissionOf } from './operator-of.js';

/** Access by a function of the host that tells who a request comes from. */
export class ReaderAccess implements AccessMethod {
  readonly openTo = 'whoever operations.access lets in';

  constructor(private readonly read: OperatorReader) {}

  async ask({ platform }: Exchange): Promise<Admission> {
    try {
      return admissionOf(await this.read(platform.request as object), 'what operations.access returned');
    } catch (error) {
      return { refused: refusedBy(error) };
    }
  }
}

/** What one of Nest's HTTP exceptions says. @throws any other error */
export function refusedBy(error: unknown): Refused {
  if (!(error instanceof HttpException)) throw error;
  return { status: error.getStatus(), code: 'NOT_LET_IN', detail: error.message };
}
