"""Double reading: two blind opinions of one study, what they differ in, and a third who resolves it."""
