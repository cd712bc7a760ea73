import { startAnnouncements } from '/assets/announcement.js';
import { ConversationPane } from '/assets/conversation-pane.js';
import { showQueueCounts } from '/assets/queue-table.js';
import { startSearch } from '/assets/search.js';

const outage = document.getElementById('outage');
const panes = [...document.querySelectorAll('.pane')].map((root) => new ConversationPane(root));
const showOutage = () => {
  const isAway = panes.some(({ link }) => link === 'connecting');
  outage.textContent = isAway ? 'The server does not answer. What you write waits here until it does.' : '';
};
for (const pane of panes) pane.addEventListener('linkchange', showOutage);
startSearch(panes);
startAnnouncements();
void showQueueCounts();
