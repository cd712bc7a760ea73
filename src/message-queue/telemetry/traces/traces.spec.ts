import { trace } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { JobTraces } from './job-traces.js';
import { placeOfTraceparent, traceparentOf } from './traceparent.js';

const PLACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };

describe('JobTraces', () => {
  afterEach(() => trace.disable());

  it('are off until the app has a provider, and look for one when they are told to', () => {
    const traces = new JobTraces({ enabled: true, links: false });
    expect(traces.isOn).toBe(false);
    trace.setGlobalTracerProvider(new BasicTracerProvider());
    expect(traces.isOn).toBe(false);
    traces.look();
    expect(traces.isOn).toBe(true);
    expect(new JobTraces({ enabled: false, links: false }).isOn).toBe(false);
  });
});

describe('traceparent', () => {
  it('is written in 55 characters and read back', () => {
    const text = traceparentOf(PLACE);
    expect(text).toBe('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
    expect(text).toHaveLength(55);
    expect(placeOfTraceparent(text)).toEqual(PLACE);
  });

  it.each([
    undefined,
    7,
    '',
    'x',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
    '01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more',
    { toString: () => '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
  ])('is not %j', (text) => expect(placeOfTraceparent(text)).toBeUndefined());
});
