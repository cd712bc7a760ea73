// Gives a process a wrong clock: CLOCK_OFFSET_MS off, and set anew by each message { clockOffsetMs } of its parent.
const RightDate = Date;
let offsetMs = Number(process.env.CLOCK_OFFSET_MS ?? 0);

globalThis.Date = class extends RightDate {
  constructor(...values) {
    if (values.length === 0) super(RightDate.now() + offsetMs);
    else super(...values);
  }

  static now() {
    return RightDate.now() + offsetMs;
  }
};

process.on('message', (message) => {
  if (message?.clockOffsetMs !== undefined) offsetMs = message.clockOffsetMs;
});
