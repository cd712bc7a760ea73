/** A name and a password as HTTP basic authentication sends them. */
export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

/** What a header `Authorization` says; null where it says nothing of the kind. */
export function parseBasic(header: string | undefined): BasicCredentials | null {
  const encoded = /^Basic +([A-Za-z0-9+/=]{1,2000})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const [username = '', ...password] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { username, password: password.join(':') };
}
