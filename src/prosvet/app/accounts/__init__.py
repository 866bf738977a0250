"""Who may sign in: accounts, sessions of browsers, tokens of programs, and the lock after wrong passwords."""
