import assert from 'node:assert/strict';
import type { RecipientContact, RecipientContacts } from '../../../ports/notifications/recipient-contacts.js';
import { declareContract } from '../contract-runner.js';
import type { ContractRunner, CreateSubject } from '../contract-runner.js';
import { declareTraces } from '../privacy/trace-holder.contract.js';

/** An address book and a way to fill it. */
export interface RecipientContactsSubject {
  readonly contacts: RecipientContacts;
  /** Adds or replaces a contact. */
  put(contact: RecipientContact): void | Promise<void>;
}

/** The contract of every RecipientContacts. @param create an empty address book for each test */
export function recipientContactsContract(
  create: CreateSubject<RecipientContactsSubject>,
  runner?: ContractRunner,
): void {
  declareContract('RecipientContacts', create, runner, (test) => {
    declareTraces(test, {
      foundBy: ['subject'],
      isSingle: true,
      holder: ({ contacts }) => contacts,
      put: (subject, { subjectId }) =>
        subject.put({ recipientId: subjectId, email: 'someone@mail.example', phone: null }),
      has: async ({ contacts }, { subjectId }) => (await contacts.find(subjectId)) !== null,
    });

    test('gives back the addresses of a recipient, with null for what is missing', async (subject) => {
      const ben = { recipientId: 'ben', email: "b.o'hara@mail.example", phone: null };
      const cleo = { recipientId: 'cleo', email: null, phone: '+4915112345678' };
      await subject.put(ben);
      await subject.put(cleo);
      assert.deepEqual(await subject.contacts.find('ben'), ben);
      assert.deepEqual(await subject.contacts.find('cleo'), cleo);
    });

    test('knows no stranger', async ({ contacts }) => {
      assert.equal(await contacts.find('dora'), null);
    });
  });
}
