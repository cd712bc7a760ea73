import { startAnnouncements } from '/assets/announcement.js';
import { ConversationPane } from '/assets/conversation-pane.js';
import { showQueueCounts } from '/assets/queue-table.js';
import { startSearch } from '/assets/search.js';
import { View } from '/assets/view.js';

const outage = document.getElementById('outage');
const view = await View.load();
const conversations = view.conversationChoice();
if (conversations) document.getElementById('conversation').append(conversations);
const panes = [...document.querySelectorAll('.pane')].map(
  (root, side) => new ConversationPane(root, view, side),
);
const showOutage = () => {
  const isAway = panes.some(({ link }) => link === 'connecting');
  outage.textContent = isAway ? 'The server does not answer. What you write waits here until it does.' : '';
};
for (const pane of panes) pane.addEventListener('linkchange', showOutage);
startSearch(panes);
startAnnouncements();
void showQueueCounts();
