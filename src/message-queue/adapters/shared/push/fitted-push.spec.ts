import { UnrecoverableJobError } from '../../../jobs/errors.js';
import type { NotificationDraft } from '../../../ports/notifications/notification-channel.js';
import { fittedPush, sendablePush } from './fitted-push.js';
import type { PushLimits } from './fitted-push.js';

const limits = (overlong: 'refuse' | 'shorten', maxBytes = 1_000): PushLimits => ({
  ...{ service: 'Example', maxBytes, overlong },
  bytesOf: ({ title, body, push }, id) => Buffer.byteLength(JSON.stringify({ title, body, push, id })),
  issuesOf: ({ push }) =>
    push?.sound === 'MARKER' ? [{ path: 'pushPayload.sound', message: 'is not one' }] : [],
});
const pathsOf = (draft: NotificationDraft): string[] =>
  fittedPush(draft, limits('refuse')).issues.map(({ path }) => path);
const outgoing = (draft: NotificationDraft, notificationId: string) => ({
  ...{ ...draft, notificationId, recipientId: 'ben', destination: 'd', urgent: false, expiresAt: null },
});

describe('a push that is too long', () => {
  it.each([
    [{ title: 'T', body: 'x'.repeat(400) }, ['message']],
    [{ title: 'x'.repeat(400), body: 'x'.repeat(400) }, ['title']],
    [{ title: 'T', body: 'x', push: { tag: 't', data: { a: 'x'.repeat(400) } } }, ['pushPayload.data']],
    [{ title: 'T', body: 'x', push: { icon: 'x'.repeat(400), data: { a: 'x' } } }, ['pushPayload.icon']],
    [{ title: 'T', body: 'x'.repeat(400), push: { sound: 'MARKER' } }, ['pushPayload.sound', 'message']],
    [{ title: 'T', body: 'x' }, []],
  ])('is refused by the field that makes it so: %j', (draft, paths) => {
    expect(pathsOf(draft)).toEqual(paths);
  });

  it.each(['x', 'ж', '消', '😀', '"', '\n', '👩‍👩‍👧‍👦', 'é'])(
    'is shortened between characters: %j',
    (character) => {
      for (let count = 1; count < 1_200; count += 97) {
        const draft = { title: 'T', body: character.repeat(count) };
        const { draft: short, issues } = fittedPush(draft, limits('shorten'));
        expect(issues).toEqual([]);
        const body = short.body.replace(/…$/, '');
        expect(character === '\n' || body.length % character.length === 0).toBe(true);
        expect(draft.body.startsWith(body)).toBe(true);
        // Under whatever id.
        for (const id of ['m_1', 'ж'.repeat(200), '消'.repeat(200), '"'.repeat(200)]) {
          expect(limits('shorten').bytesOf(short, id)).toBeLessThanOrEqual(1_000);
        }
        expect(sendablePush(outgoing(short, '消'.repeat(200)), limits('refuse')).body).toBe(short.body);
      }
    },
  );

  it('loses of its title only what is too long without any message', () => {
    const { draft } = fittedPush({ title: '消'.repeat(200), body: 'x'.repeat(400) }, limits('shorten'));
    expect(draft.body).toBe('…');
    expect(draft.title).toMatch(/^消{20,}…$/);
    expect(fittedPush({ title: '消'.repeat(200), body: '' }, limits('shorten')).draft.body).toBe('');
  });

  it('is refused where cutting its text does not help', () => {
    const draft = { title: 'T', body: 'x'.repeat(99), push: { data: { a: 'x'.repeat(400) } } };
    expect(fittedPush(draft, limits('shorten'))).toEqual({
      draft,
      issues: [
        {
          path: 'pushPayload.data',
          message: expect.stringMatching(/^makes the push \d+ bytes; Example takes 1000$/),
        },
      ],
    });
  });

  it('is measured with its own id once it has one, and names the field where it cannot be sent', () => {
    const draft = { title: 'T', body: 'x'.repeat(900) };
    expect(sendablePush(outgoing(draft, 'm_1'), limits('refuse'))).toMatchObject(draft);
    const sending = (): unknown => sendablePush(outgoing(draft, '消'.repeat(200)), limits('refuse'));
    expect(sending).toThrow(UnrecoverableJobError);
    expect(sending).toThrow(/^message: makes the push 15\d\d bytes; Example takes 1000, \d+ for it$/);
  });
});
