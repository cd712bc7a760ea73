/** Where Redis is. */
export type RedisTopology =
  | { readonly kind: 'single'; readonly host: string; readonly port: number }
  | { readonly kind: 'cluster'; readonly nodes: readonly { readonly host: string; readonly port: number }[] }
  | {
      readonly kind: 'sentinel';
      readonly masterName: string;
      readonly sentinels: readonly { readonly host: string; readonly port: number }[];
    };

/** TLS to Redis, and to its Sentinels. The server's certificate is always checked. */
export interface RedisTls {
  /** Certificates of the authorities to trust instead of the Node.js defaults, as PEM text. */
  readonly ca?: string;
  /** Certificate of this client, as PEM text. */
  readonly cert?: string;
  /** Private key of `cert`, as PEM text. */
  readonly key?: string;
  /** Name that the server's certificate must cover. Default: the host that is connected to. */
  readonly serverName?: string;
}

/** How to reach Redis. */
export interface RedisSettings {
  readonly topology: RedisTopology;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls: false | RedisTls;
}
