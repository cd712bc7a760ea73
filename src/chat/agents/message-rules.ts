const MOST_CHARACTERS = 4_000;
const MOST_LINKS = 5;
const LETTER_OR_DIGIT = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;
const LINK = /https?:\/\//giu;

/** Why a message is not for an agent, in a sentence for its author that quotes nothing of it; null when it may have it. */
export function objectionTo(message: string): string | null {
  if (message.length > MOST_CHARACTERS) {
    return `That is too long for me: ${MOST_CHARACTERS.toLocaleString('en')} characters are the most.`;
  }
  if (!LETTER_OR_DIGIT.test(message)) return 'I see no word in that.';
  if ((message.match(LINK)?.length ?? 0) > MOST_LINKS) return `I follow at most ${MOST_LINKS} links.`;
  return null;
}
