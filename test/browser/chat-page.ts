import type { Locator, Page } from 'playwright-core';

/** The chat page as its users see it. */
export class ChatPage {
  readonly counts: Locator;
  readonly search: Locator;
  readonly hits: Locator;
  readonly announcement: Locator;

  constructor(readonly page: Page) {
    this.counts = page.locator('#announcement-counts');
    this.search = page.getByLabel('Search messages');
    this.hits = page.locator('.hit');
    this.announcement = page.getByLabel('Announcement', { exact: true });
  }

  /** Opens it, and waits until both users are online. */
  async open(url: string): Promise<this> {
    await this.page.goto(url);
    await this.bothOnline();
    return this;
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.bothOnline();
  }

  async bothOnline(): Promise<void> {
    for (const user of ['ada', 'grace']) await this.link(user, 'Online').waitFor();
  }

  pane(user: string): Locator {
    return this.page.locator(`.pane[data-user="${user}"]`);
  }

  link(user: string, state: 'Online' | 'Offline' | 'Connecting…'): Locator {
    return this.pane(user).getByText(state, { exact: true });
  }

  bubble(user: string, text: string): Locator {
    return this.pane(user).locator('.bubble', { hasText: text });
  }

  /** A message's ticks, when they say this. */
  ticks(user: string, text: string, status: string): Locator {
    return this.bubble(user, text).locator(`.ticks.${status}`);
  }

  async write(user: string, text: string): Promise<void> {
    await this.pane(user).getByRole('textbox').fill(text);
    await this.pane(user).getByRole('button', { name: 'Send' }).click();
  }

  /** Takes a message back: asked once, and told again. */
  async recall(user: string, text: string): Promise<void> {
    const bubble = this.bubble(user, text);
    await bubble.getByRole('button', { name: 'Recall', exact: true }).click();
    await bubble.getByRole('button', { name: 'Recall for everyone?' }).click();
  }

  async go(user: string, where: 'offline' | 'online'): Promise<void> {
    await this.pane(user)
      .getByRole('button', { name: `Go ${where}` })
      .click();
    await this.link(user, where === 'online' ? 'Online' : 'Offline').waitFor();
  }

  /** All that a user sees of the conversation, in order, with its ticks. */
  shown(user: string): Promise<string[]> {
    return this.pane(user).locator('.bubble').allInnerTexts();
  }

  /** The messages alone. */
  texts(user: string, containing: string): Promise<string[]> {
    return this.bubble(user, containing).locator('p').allTextContents();
  }
}
