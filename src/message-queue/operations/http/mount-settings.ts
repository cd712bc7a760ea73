import { flag, matching } from '../../../kernel/values/kinds.js';
import { setting } from '../../../kernel/values/setting.js';

/** Where something is mounted. */
const mountPath = matching('a path such as "/admin/console"', /^(\/[\w.~-]+)+\/?$/);

const WHERE_USED = 'true where `operations` are set, or a variable that says who may use them';

/** What of the operations is in the web server of the app, and where; `true` or `false` in place of a group switches it. */
export const MOUNT_SETTINGS = {
  /** REST, for programs and the console. */
  rest: {
    /** Whether it is there. */
    enabled: setting(flag(), { otherwise: WHERE_USED }),
    /** Where it is, behind the app's global prefix unless that excludes this path. */
    path: setting(mountPath, { default: '/api/queue' }),
  },
  /** The console, which asks REST. */
  console: {
    /** Whether it is there. */
    enabled: setting(flag(), { otherwise: 'true where REST is' }),
    /** Where it is, behind the app's global prefix unless that excludes this path. */
    path: setting(mountPath, { default: '/admin/console' }),
  },
};
