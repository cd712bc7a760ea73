import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Agent } from './agent.js';
import type { AgentQuestion } from './agent.js';

const WORDS_PER_PIECE = 3;
/** Slow enough to see it being written. */
const PIECE_EVERY_MS = 60;
const QUOTED_CHARACTERS = 200;
const GREETING = /^\s*(hi|hello|hey|hallo|bonjour|hola|ciao|good (morning|day|evening))\b/iu;

/** The agent of an app that has none: it greets, repeats what it was told, and says how to plug in a real one. */
@Injectable()
export class EchoAgent extends Agent {
  override async *answer({ message }: AgentQuestion, signal: AbortSignal): AsyncIterable<string> {
    for (const piece of piecesOf(answerTo(message))) {
      await pause(PIECE_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
      yield piece;
    }
  }
}

function answerTo(message: string): string {
  if (GREETING.test(message)) return 'Hello! Tell me something, and watch the queues carry it here and back.';
  const characters = Array.from(new Intl.Segmenter().segment(message.trim()), ({ segment }) => segment);
  const quoted = characters.slice(0, QUOTED_CHARACTERS).join('');
  const quote = `“${quoted}${characters.length > QUOTED_CHARACTERS ? '…' : ''}”`;
  if (!message.trimEnd().endsWith('?')) return `You said ${quote}. I am an echo: I keep what I hear.`;
  return `You ask ${quote}. I am an echo and know nothing: an agent of your own, plugged into the port Agent, would answer here.`;
}

function piecesOf(text: string): string[] {
  const words = text.match(/\S+\s*/gu) ?? [];
  return Array.from({ length: Math.ceil(words.length / WORDS_PER_PIECE) }, (_, at) =>
    words.slice(at * WORDS_PER_PIECE, (at + 1) * WORDS_PER_PIECE).join(''),
  );
}
