/** More than all the answers 1xx that come before the one that counts. */
const MAX_BYTES = 16_384;
const SWITCHING_PROTOCOLS = 101;

/** Reads the status of an answer out of what a connection receives, whether or not a parser can make anything of the rest. */
export class StatusLine {
  private text = '';

  /** Takes what came next. */
  read(chunk: Uint8Array): void {
    if (this.text.length < MAX_BYTES) this.text += Buffer.from(chunk).toString('latin1');
  }

  /** The status of the answer that counts, after those that only say that one will come; null: none has come. */
  get status(): number | null {
    let rest = this.text;
    for (;;) {
      const line = /^(?:\r?\n)*HTTP\/1\.[01] +(\d{3})(?=[ \r\n])/.exec(rest);
      if (line === null) return null;
      const status = Number(line[1]);
      if (status >= 200 || status === SWITCHING_PROTOCOLS) return status;
      const end = /\r?\n\r?\n/.exec(rest);
      if (end === null) return null;
      rest = rest.slice(end.index + end[0].length);
    }
  }
}
