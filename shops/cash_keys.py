"""The keys under which cash posts; other entries on the accounts of cash are by hand. Data."""

# float:<session>, count:<session>, stow:<session>, cashmove:<move>, cashfix:<correction>,
# banked:<banking>. What sales do to a drawer: cash:<tender>, cashback:<tender>, refund:<refund>,
# custpay:<payment>.
OF_SESSIONS = ("float:", "count:", "stow:", "cashmove:")
OF_DRAWERS = (*OF_SESSIONS, "cash:", "cashback:", "refund:", "custpay:")
OF_SAFE = ("float:", "stow:", "cashmove:", "cashfix:", "banked:")
