/** A browser of this machine, which plays the people that the app makes up in development. */
export class Newcomer {
  private constructor(
    private readonly url: string,
    readonly cookie: string,
  ) {}

  /** Opens the app. @param url without a slash at its end */
  static async at(url: string): Promise<Newcomer> {
    const answer = await fetch(`${url}/api/session`);
    expect(answer.status).toBe(200);
    return new Newcomer(url, answer.headers.get('set-cookie')?.split(';')[0] ?? '');
  }

  /** Asks the app as one of its people. */
  ask(as: string, path: string, options: RequestInit = {}): Promise<Response> {
    const headers = { 'content-type': 'application/json', cookie: this.cookie, 'chat-as': as };
    return fetch(this.url + path, { ...options, headers });
  }

  /** Posts a message. */
  send(as: string, message: object): Promise<Response> {
    return this.ask(as, '/api/messages', { method: 'POST', body: JSON.stringify(message) });
  }
}
