import { ConversationPane } from '/assets/conversation-pane.js';
import { startAnnouncements, startQueueCounts, startSearch } from '/assets/town.js';

const panes = [...document.querySelectorAll('.pane')].map((root) => new ConversationPane(root));
startSearch(panes);
startAnnouncements();
startQueueCounts();
