import { NodeProcess } from './node-process.js';

/** The programs that the page on buffered events shows, of the build, with real threads. */
describe('node dist/examples/events/', () => {
  let example: NodeProcess | undefined;
  afterEach(() => example?.signalGroup('SIGKILL'));

  it.each([
    ['buffered-event-example.js', ['a welcome to user ada.', 'a welcome to user grace.', 'Handled 2 of 2']],
    [
      'integration-test.js',
      ['healthy, 2 threads', 'A dead letter after 2 runs: There is no such mailbox.', 'All as it should be'],
    ],
  ])('%s says what the page says', async (program, lines) => {
    example = new NodeProcess(`examples/events/${program}`, []);
    const code = await example.closed;
    const { output } = example;
    expect({ code, output }).toMatchObject({ code: 0 });
    for (const line of lines) expect(output).toContain(line);
  });
});
