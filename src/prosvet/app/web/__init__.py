"""The pages: server-rendered, in Russian or English; each calls the capabilities that the command line calls."""
