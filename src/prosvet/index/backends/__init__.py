"""Vector indexes, one file each; ``prosvet.index.base.BACKENDS`` is the table of them."""

__all__: list[str] = []
