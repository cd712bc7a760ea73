import { Identifies, KeyScope, Readable, sealedFieldsOf } from './sealed-fields.decorators.js';

describe('what the decorators of a payload class say', () => {
  class NoteDto {
    @Identifies('message') noteId!: string;
    @Identifies('subject') authorId!: string;
    @Identifies('subject') readerId!: string;
    @Readable() lines!: number;
    text!: string;
  }

  it('keeps what identifies the job readable, in several fields of a kind', () => {
    expect(sealedFieldsOf(NoteDto)).toEqual({
      readable: new Set(['noteId', 'authorId', 'readerId', 'lines']),
      identifies: [
        { kind: 'message', field: 'noteId' },
        { kind: 'subject', field: 'authorId' },
        { kind: 'subject', field: 'readerId' },
      ],
    });
  });

  it.each<['conversation' | 'tenant', object[]]>([
    ['conversation', [{ kind: 'conversation', field: 'scopeId' }]],
    ['tenant', []],
  ])(
    'takes a key scope %s for what identifies the job, where it can be erased, also of a class above',
    (kind, identifies) => {
      class ScopedDto extends NoteDto {
        @KeyScope(kind) scopeId!: string;
      }
      const fields = sealedFieldsOf(ScopedDto);
      expect(fields).toMatchObject({ scope: { kind, field: 'scopeId' } });
      expect(fields.identifies).toEqual([...identifies, ...sealedFieldsOf(NoteDto).identifies]);
    },
  );
});
