import { MessageQueueError } from '../../../kernel/errors.js';

/** What was asked needs data keys that are stored, and no `DataKeyStore` is plugged in. */
export class NoDataKeyStoreError extends MessageQueueError {
  readonly code = 'NO_DATA_KEY_STORE';
}
