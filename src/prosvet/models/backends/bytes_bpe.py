"""A byte-level BPE tokenizer in plain Python: a few hundred merges over the words of our own sentences.

Every text has tokens, since every byte is one; what was never seen is spelled. The file is JSON, so that a reader of
the tiny model needs neither torch nor a tokenizer package.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from prosvet.core.errors import ModelError

__all__ = ["SPECIAL", "ByteBpe", "train_bpe"]

SPECIAL = ("<pad>", "<end>", "<answer>")
"""Padding, the end of an answer, and what parts a prompt from its answer: ids 0, 1, 2."""

_PIECES = re.compile(r" ?[^\W\d_]+| ?\d+| ?[^\s\w]+|\s|_")
_FIRST_MERGE = len(SPECIAL) + 256


class ByteBpe:
    """Text to ids and back.

    Parameters
    ----------
    merges : sequence of (int, int)
        Pairs of ids in the order in which they were learned; the n-th makes the id ``259 + n``.
    """

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        self.merges = tuple((int(a), int(b)) for a, b in merges)
        self._rank = {pair: n for n, pair in enumerate(self.merges)}
        self._bytes: list[bytes] = [b""] * len(SPECIAL) + [bytes([n]) for n in range(256)]
        for first, second in self.merges:
            self._bytes.append(self._bytes[first] + self._bytes[second])
        self._piece = lru_cache(maxsize=65536)(self._merged)

    def __len__(self) -> int:
        return len(self._bytes)

    def encode(self, text: str) -> list[int]:
        """Ids of `text`; no special ones among them.

        Examples
        --------
        >>> ByteBpe([]).encode("ab")
        [100, 101]
        """
        return [token for piece in _PIECES.findall(text) for token in self._piece(piece)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`; special ones are silent, and bytes that make no sign show as U+FFFD.

        Examples
        --------
        >>> bpe = ByteBpe([])
        >>> bpe.decode(bpe.encode("Выпот слева."))
        'Выпот слева.'
        """
        return b"".join(self._bytes[token] for token in ids).decode("utf-8", errors="replace")

    def token(self, token: int) -> str:
        """One token as text, a special one by its name."""
        return SPECIAL[token] if token < len(SPECIAL) else self.decode([token])

    def save(self, path: Path) -> None:
        """Write the merges as JSON."""
        path.write_text(json.dumps({"merges": self.merges}, separators=(",", ":")), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> ByteBpe:
        """Read what :meth:`save` wrote.

        Raises
        ------
        ModelError
            When the file is no such JSON, or a merge speaks of a token that does not stand before it.
        """
        try:
            merges = json.loads(path.read_text(encoding="utf-8"))["merges"]
            pairs = [(int(a), int(b)) for a, b in merges]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(name=path.name, reason=str(error)) from None
        if any(not len(SPECIAL) <= part < _FIRST_MERGE + n for n, pair in enumerate(pairs) for part in pair):
            raise ModelError(name=path.name, reason="a merge names a token that does not stand before it")
        return cls(pairs)

    def _merged(self, piece: str) -> tuple[int, ...]:
        ids = [len(SPECIAL) + byte for byte in piece.encode("utf-8")]
        while len(ids) > 1:
            best = min(pairwise(ids), key=lambda pair: self._rank.get(pair, len(self._rank)))
            if best not in self._rank:
                break
            ids = _joined(ids, best, _FIRST_MERGE + self._rank[best])
        return tuple(ids)


def train_bpe(texts: Iterable[str], size: int) -> ByteBpe:
    """Learn merges until there are `size` tokens, or no pair stands twice.

    Ties are broken by the ids, so that the same texts give the same tokens.
    """
    counts = Counter(piece for text in texts for piece in _PIECES.findall(text))
    words = [([len(SPECIAL) + byte for byte in word.encode("utf-8")], count) for word, count in sorted(counts.items())]
    merges: list[tuple[int, int]] = []
    while _FIRST_MERGE + len(merges) < size:
        pairs: Counter[tuple[int, int]] = Counter()
        for ids, count in words:
            for pair in pairwise(ids):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < 2:
            break
        words = [(_joined(ids, best, _FIRST_MERGE + len(merges)), count) for ids, count in words]
        merges.append(best)
    return ByteBpe(merges)


def _joined(ids: list[int], pair: tuple[int, int], token: int) -> list[int]:
    made: list[int] = []
    index = 0
    while index < len(ids):
        if index + 1 < len(ids) and (ids[index], ids[index + 1]) == pair:
            made.append(token)
            index += 2
        else:
            made.append(ids[index])
            index += 1
    return made
