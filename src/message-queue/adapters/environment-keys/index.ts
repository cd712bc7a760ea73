export { EnvironmentKeyProvider } from './environment-key.provider.js';
export { KEY_RING_VARIABLES } from './key-ring.js';
export type { KeyRingOptions, VariableSource } from './key-ring.js';
export { WrappedKeyProvider } from './wrapped-key.provider.js';
export type { KeyManagementService, WrappedKeyOptions } from './wrapped-key.provider.js';
