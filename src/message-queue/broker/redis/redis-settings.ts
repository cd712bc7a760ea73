/** Where Redis is. */
export type RedisTopology =
  | { readonly kind: 'single'; readonly host: string; readonly port: number }
  | { readonly kind: 'cluster'; readonly nodes: readonly { readonly host: string; readonly port: number }[] }
  | {
      readonly kind: 'sentinel';
      readonly masterName: string;
      readonly sentinels: readonly { readonly host: string; readonly port: number }[];
    };

/** How to reach Redis. */
export interface RedisSettings {
  readonly topology: RedisTopology;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls: boolean;
}
