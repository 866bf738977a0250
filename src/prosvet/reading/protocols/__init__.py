"""The protocol and its life: drafted by the program, edited, checked and signed by a reader, added to later."""
