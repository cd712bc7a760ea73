/** What a content is written in. */
export const ContentFormat = { PLAIN: 'plain', HTML: 'html' } as const;

/** One of {@link ContentFormat}'s values. */
export type ContentFormat = (typeof ContentFormat)[keyof typeof ContentFormat];

/** Whether a value is a content format. */
export function isContentFormat(value: unknown): value is ContentFormat {
  return Object.values<unknown>(ContentFormat).includes(value);
}
