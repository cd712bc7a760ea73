import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { processorSourcesOf } from './processor-scan.js';
import type { ProcessorSource } from './processor-scan.js';

class Mail {}

class Made {}

describe('processorSourcesOf', () => {
  const CONFIG = Symbol('config');

  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {}

  @Injectable()
  class NeedsRequest {
    constructor(@Inject(PerRequest) readonly request: PerRequest) {}
  }

  @Module({
    imports: [DiscoveryModule],
    providers: [
      Mail,
      PerRequest,
      NeedsRequest,
      { provide: 'alias', useExisting: Mail },
      { provide: 'made', useFactory: () => new Made() },
      { provide: CONFIG, useValue: { plain: true } },
      { provide: 'nothing', useValue: null },
    ],
  })
  class HostModule {}

  it('finds classes, factories and scopes among Nest’s providers, each instance once', async () => {
    const app = await Test.createTestingModule({ imports: [HostModule] }).compile();
    const sources = processorSourcesOf(app.get(DiscoveryService).getProviders());
    const ofType = (type: Type<object>): ProcessorSource[] =>
      sources.filter((source) => source.type === type);
    const [found, ...others] = ofType(Mail);
    expect(found).toMatchObject({ scoped: false, module: 'HostModule', wrapper: { token: Mail } });
    expect([found?.instance, others]).toEqual([app.get(Mail), []]);
    expect(ofType(Made)).toHaveLength(1);
    expect(ofType(NeedsRequest)[0]?.scoped).toBe(true);
    await app.close();
  });
});
