import { Injectable, Module } from '@nestjs/common';

@Injectable()
class Failing {
  onModuleInit(): void {
    throw new RangeError('the boot of a host failed');
  }
}

@Module({ providers: [Failing] })
export class FailingModule {}
