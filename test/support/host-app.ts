import { Module } from '@nestjs/common';
import type { INestApplication, LoggerService, ModuleMetadata, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModuleBuilder } from '@nestjs/testing';

/** Keeps log lines instead of printing them. */
class QuietLogger implements LoggerService {
  readonly lines: string[] = [];

  log(message: unknown): void {
    this.lines.push(String(message));
  }

  error(message: unknown): void {
    this.lines.push(String(message));
  }

  fatal(message: unknown): void {
    this.lines.push(String(message));
  }

  warn(message: unknown): void {
    this.lines.push(String(message));
  }

  debug(): void {
    // Nothing that a test looks for.
  }

  verbose(): void {
    // Nothing that a test looks for.
  }
}

/** Host apps of one test; `close()` closes them in the order they were made. */
export class HostApps {
  readonly logger = new QuietLogger();
  private readonly apps: INestApplication[] = [];

  /** Builds and initialises an app. */
  async start(
    metadata: ModuleMetadata,
    change: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
  ): Promise<INestApplication> {
    const builder = Test.createTestingModule(metadata).setLogger(this.logger);
    const module = await change(builder).compile();
    const app = module.createNestApplication({ logger: this.logger });
    this.apps.push(app);
    await app.init();
    return app;
  }

  async close(): Promise<void> {
    for (const app of this.apps.splice(0)) await app.close();
  }
}

/** A module class with a name of its own, for messages that name modules. */
export function hostModule(name: string, metadata: ModuleMetadata): Type<object> {
  const type = { [name]: class {} }[name] as Type<object>;
  Module(metadata)(type);
  return type;
}
