"""Two models chained: an encoder of ours and a language model; the tiny one that is shipped, and recipes for more."""
