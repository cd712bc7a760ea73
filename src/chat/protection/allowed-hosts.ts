import { isIP } from 'node:net';

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);
/** Nothing that a URL gives a meaning of its own. */
const HOST_CHARACTERS = /^[\w.:[\]-]+$/;

/** Whether a Host header names this machine itself, whatever the port. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_NAMES.has(parse(host)?.name ?? '');
}

/** Whether an address to listen on is one that only this machine reaches. */
export function isLoopbackAddress(address: string): boolean {
  return isLoopbackHost(asHost(address));
}

/**
 * The names under which this app may be asked for. Any web site can point a name of its own to this server and have a visitor's browser ask for it:
 * the browser then takes us for that site. So the Host header decides, and never a header in its place that a proxy or anybody else may send.
 */
export class AllowedHosts {
  readonly #given: ReadonlySet<string>;
  readonly #address: string | undefined;

  /**
   * @param listensOn address or host name that the app listens on
   * @param chatHosts what CHAT_HOSTS says: names with or without a port, separated by commas
   * @throws Error for an entry that is none
   */
  constructor(listensOn: string, chatHosts = '') {
    const entries = chatHosts.split(',').map((entry) => entry.trim());
    this.#given = new Set(
      entries
        .filter((entry) => entry !== '')
        .map((entry, at) => {
          const host = parse(asHost(entry));
          if (host === null) {
            throw new Error(
              `CHAT_HOSTS: entry ${at + 1} must be a host name with or without a port, such as chat.example.org or localhost:8080.`,
            );
          }
          return `${host.name}:${host.port}`;
        }),
    );
    const own = parse(asHost(listensOn))?.name;
    this.#address = own !== undefined && ANY_ADDRESS.has(own) ? undefined : own;
  }

  /**
   * Whether a request may ask for a host: loopback names and the address that the app listens on, with the port that the request came to, and whatever
   * CHAT_HOSTS names; without a port there, the one that browsers leave out.
   */
  allows(host: string | undefined, port: number | undefined): boolean {
    const asked = parse(host ?? '');
    if (asked === null) return false;
    if (this.#given.has(`${asked.name}:${asked.port}`)) return true;
    const isOwn = LOOPBACK_NAMES.has(asked.name) || asked.name === this.#address;
    return isOwn && (asked.port === String(port) || (asked.port === '' && port === 80));
  }
}

/** An IPv6 address in brackets, as a Host header has it. */
function asHost(address: string): string {
  return isIP(address) === 6 ? `[${address}]` : address;
}

/** Lower case, addresses in one form, without the dot that ends a full name; null for what no browser sends. */
function parse(host: string): { readonly name: string; readonly port: string } | null {
  if (!HOST_CHARACTERS.test(host) || !URL.canParse(`http://${host}`)) return null;
  const { hostname, port } = new URL(`http://${host}`);
  return { name: hostname.replace(/\.$/, ''), port: port === '443' ? '' : port };
}
