/** Words of servers about who sends: our host, its address, or that it did not sign in. */
export const OUR_HOST =
  /relaying|relay (?:access )?(?:is )?(?:denied|not|prohibited)|(?:unable to|not|no|cannot|n't) relay|\bauthenticat\w+ (?:is )?required|not authenticated|must (?:be )?(?:authenticate|log ?in)|client host|blocked using|\bdnsbl\b|\brbl\b|your (?:ip|host|server)|reverse dns|\bptr\b|sender (?:address )?(?:rejected|denied|not|unknown|verif)|send as|rcpthosts/i;

/** A reply that RFC 5321 gives to mailboxes, but not here: nobody is to be forgotten for a policy. */
export const NO_POLICY =
  /^(?!.*(?:spam|unsolicited|virus|polic|denied|reject|refus|block|prohib|reputation|\bspf\b|\bdkim\b|\bdmarc\b|verif|\behlo\b|\bhelo\b|\bdns\b|listed|limit|security|allowed to|permitted to|authori[sz]ed))/is;

/** Words of servers for: nobody has this mailbox. */
export const NOBODY =
  /(?:no such|unknown|invalid|non-?existent|unroute?able) (?:\w+ )?(?:user|mailbox|recipient|address|account|person)|(?:user|mailbox|recipient|address|account) (?:\w+ )?(?:unknown|(?:was |is )?not found|does(?:n't| not) exist|is (?:disabled|inactive|unavailable))|no mailbox here/i;
