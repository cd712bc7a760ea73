/** A command that a client sent. */
export interface SentCommand {
  /** In capitals. */
  readonly name: string;
  readonly bytes: Buffer;
}

const NEWLINE = Buffer.from('\r\n');

/** Takes apart what a client of Redis sends: arrays of bulk strings, in pieces of any size. */
export class CommandReader {
  private rest = Buffer.alloc(0);

  /** @returns the commands that are whole by now */
  read(data: Buffer): SentCommand[] {
    this.rest = Buffer.concat([this.rest, data]);
    const commands: SentCommand[] = [];
    for (let command = this.next(); command !== null; command = this.next()) {
      commands.push(command);
      this.rest = this.rest.subarray(command.bytes.length);
    }
    return commands;
  }

  private next(): SentCommand | null {
    const count = this.lengthAt(0);
    if (count === null) return null;
    let { end } = count;
    let name = '';
    for (let i = 0; i < count.length; i++) {
      const size = this.lengthAt(end);
      if (size === null || this.rest.length < size.end + size.length + NEWLINE.length) return null;
      if (i === 0) name = this.rest.toString('latin1', size.end, size.end + size.length).toUpperCase();
      end = size.end + size.length + NEWLINE.length;
    }
    return { name, bytes: this.rest.subarray(0, end) };
  }

  /** The number of a line such as `*3` or `$12`, and where the next one begins. */
  private lengthAt(start: number): { readonly length: number; readonly end: number } | null {
    const newline = this.rest.indexOf(NEWLINE, start);
    if (newline < 0) return null;
    return {
      length: Number(this.rest.toString('latin1', start + 1, newline)),
      end: newline + NEWLINE.length,
    };
  }
}
