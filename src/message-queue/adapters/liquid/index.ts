export { LiquidTemplateRenderer } from './liquid-template.renderer.js';
export type { LiquidTemplateOptions, LiquidTemplateSource } from './liquid-template-files.js';
