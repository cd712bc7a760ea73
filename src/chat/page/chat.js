import { startAnnouncements } from '/assets/announcement.js';
import { AGENT, ConversationPane } from '/assets/conversation-pane.js';
import { showQueueCounts } from '/assets/queue-table.js';
import { startSearch } from '/assets/search.js';
import { session } from '/assets/session.js';
import { showAccount, showNotice, showSignIn } from '/assets/sign-in.js';
import { View } from '/assets/view.js';

const nobody = await session.load();
if (nobody) showSignIn(nobody);
else await showChat();

async function showChat() {
  const view = await View.load();
  showAccount(session);
  for (const id of ['console', 'board']) {
    document.getElementById(id).hidden = !session.isMadeUp && !session.with('board');
  }
  if (view.conversation === undefined) {
    showNotice('Nobody else has an account yet: there is nobody to write to.');
    return;
  }
  const conversations = view.conversationChoice();
  if (conversations) document.getElementById('conversation').append(conversations);
  if (view.sides.includes(AGENT)) {
    document.getElementById('what-happens').textContent =
      'Each message is delivered, checked, and answered by an agent, piece by piece, over the queues of this app.';
  }
  const chat = document.getElementById('chat');
  chat.hidden = false;
  const panes = [];
  for (const [side, root] of [...chat.querySelectorAll('.pane')].entries()) {
    // Somebody who signed in sees their own side only.
    if (session.has(view.sides[side])) panes.push(new ConversationPane(root, view, side));
    else root.remove();
  }
  chat.classList.toggle('one-sided', panes.length === 1);
  const outage = document.getElementById('outage');
  const showOutage = () => {
    const isAway = panes.some(({ link }) => link === 'connecting');
    outage.textContent = isAway ? 'The server does not answer. What you write waits here until it does.' : '';
  };
  for (const pane of panes) pane.addEventListener('linkchange', showOutage);
  startSearch(view, panes);
  const announcer = session.with('announce');
  if (announcer) startAnnouncements(announcer.id);
  void showQueueCounts();
}
