"""The queue of films to mark: why each was chosen, the marks of each reader, and other tools' formats of them."""
