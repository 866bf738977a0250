"""How sure the model may be of a study, by several measures compared on the same data, and the one that is used."""
