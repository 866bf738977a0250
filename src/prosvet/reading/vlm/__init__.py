"""Reports and answers of vision-language models, held against what the compact pack found."""

__all__: list[str] = []
