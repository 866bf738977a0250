"""What the search page asks, as its address says it: shareable, and the back button goes through it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from prosvet.archive.filters import StudyFilter
from prosvet.core.errors import QueryError
from prosvet.core.i18n import Lang
from prosvet.core.types import Side, Status, Zone
from prosvet.language.vocabulary import vocabulary
from prosvet.search.api import SearchRequest
from prosvet.search.query import LONGEST, ParsedQuery, QueryConcept
from prosvet.search.where import parse_where, write_where
from prosvet.search.written import beyond_words, write_query

__all__ = ["PAGE", "SearchState"]

PAGE = 24
_MOST = 40  # concepts or words of one address
_LONGEST_NUMBER = 18  # digits that surely fit the database
_KINDS: tuple[Literal["images", "reports"], ...] = ("images", "reports")


@dataclass(frozen=True)
class SearchState:
    """One question, and how its answer is looked at.

    Attributes
    ----------
    q : str
        The words in the box.
    where : str
        Conditions beside them, as `prosvet search --where` takes them.
    edited : bool
        Chips were changed: `concepts` and `words` say what is asked, `q` only shows it.
    kind : str
        ``images``, ``reports`` or empty for both.
    image, report : int or None
        A film or a report of the archive that others should be like.
    kept : str
        Token of a film or a report that was brought to the page.
    """

    q: str = ""
    where: str = ""
    edited: bool = False
    concepts: tuple[QueryConcept, ...] = ()
    words: tuple[str, ...] = ()
    kind: Literal["", "images", "reports"] = ""
    image: int | None = None
    report: int | None = None
    kept: str = ""

    @classmethod
    def of(cls, params: QueryParams) -> SearchState:
        """The state of an address; a part that makes no sense is refused.

        Raises
        ------
        QueryError
        """
        coded, words = params.getlist("c")[:_MOST], params.getlist("w")[:_MOST]
        state = cls(
            q=params.get("q", ""), where=params.get("where", "").strip(), edited=params.get("edited") == "1",
            concepts=tuple(_decoded(code) for code in coded), words=tuple(word[:200] for word in words),
            kind=next((kind for kind in _KINDS if kind == params.get("in")), ""),
            image=_number(params, "image"), report=_number(params, "report"), kept=params.get("kept", "")[:64],
        )  # fmt: skip
        if len(state.q) > LONGEST:
            raise QueryError(reason="too_long", length=len(state.q), limit=LONGEST)
        return state

    @property
    def asks(self) -> bool:
        """Whether there is a question."""
        return bool(self.q.strip() or self.where or self.edited or self.like)

    @property
    def like(self) -> bool:
        """Whether it is asked by a film or a report."""
        return self.image is not None or self.report is not None or bool(self.kept)

    @property
    def filters(self) -> StudyFilter:
        """The conditions beside the words."""
        return parse_where(self.where)

    def fields(self) -> list[tuple[str, str]]:
        """The state as the fields of an address or of a form."""
        numbers = (("image", self.image), ("report", self.report))
        return [
            *(("q", self.q) for _ in range(bool(self.q))),
            *(("where", self.where) for _ in range(bool(self.where))),
            *(("edited", "1") for _ in range(self.edited)),
            *(("c", _coded(concept)) for concept in self.concepts),
            *(("w", word) for word in self.words),
            *(("in", self.kind) for _ in range(bool(self.kind))),
            *((name, str(value)) for name, value in numbers if value is not None),
            *(("kept", self.kept) for _ in range(bool(self.kept))),
        ]

    def query_string(self) -> str:
        """The state behind the question mark."""
        return urlencode(self.fields())

    def url(self, page: str = "/search") -> str:
        """The address of this state."""
        fields = self.query_string()
        return f"{page}?{fields}" if fields else page

    def request(self, lang: Lang, k: int = PAGE, offset: int = 0) -> SearchRequest:
        """The request of the capability; a film or a report that was brought here is asked by its own question."""
        how: dict[str, Any] = {"in": self.kind or None, "k": k, "offset": offset, "lang": lang}
        if self.image is not None:
            return SearchRequest(stored_image=self.image, where=self.where, **how)
        if self.report is not None:
            return SearchRequest(stored_report=self.report, where=self.where, **how)
        if self.edited:
            return SearchRequest(query=self._query(lang), **how)
        return SearchRequest(text=self.q if self.q.strip() else None, where=self.where, **how)

    def _query(self, lang: Lang) -> ParsedQuery:
        return ParsedQuery(language=lang, concepts=self.concepts, filters=self.filters, free_text=" ".join(self.words),
                           unknown=self.words, text=self.q)  # fmt: skip

    # -- changed by a chip ----------------------------------------------------------------------------

    def understood(self, query: ParsedQuery, lang: Lang) -> SearchState:
        """The same question with everything that was understood of it spelled out, ready to be changed."""
        if self.like:
            return replace(self, where=write_where(query.filters))
        return self._told(query.concepts, query.unknown, query.filters, lang)

    def with_concepts(self, concepts: tuple[QueryConcept, ...], lang: Lang) -> SearchState:
        """With other concepts."""
        return self._told(tuple(dict.fromkeys(concepts)), self.words, self.filters, lang)

    def with_words(self, words: tuple[str, ...], lang: Lang) -> SearchState:
        """With other words that name no concept."""
        return self._told(self.concepts, words, self.filters, lang)

    def with_filters(self, filters: StudyFilter, lang: Lang) -> SearchState:
        """With other conditions."""
        if self.like:
            return replace(self, where=write_where(filters))
        return self._told(self.concepts, self.words, filters, lang)

    def of_box(self) -> list[tuple[str, str]]:
        """What goes with the words of the box when they are asked anew: conditions that words cannot say."""
        beyond = write_where(beyond_words(self.filters)) if self.edited or self.where else ""
        return [*(("where", beyond) for _ in range(bool(beyond))), *(("in", self.kind) for _ in range(bool(self.kind)))]

    def _told(
        self, concepts: tuple[QueryConcept, ...], words: tuple[str, ...], filters: StudyFilter, lang: Lang
    ) -> SearchState:
        said = ParsedQuery(language=lang, concepts=concepts, filters=filters, unknown=words)
        return SearchState(q=write_query(said, lang), where=write_where(filters), edited=True, concepts=concepts,
                           words=words, kind=self.kind)  # fmt: skip


def _coded(concept: QueryConcept) -> str:
    parts = (concept.status.value, concept.id, concept.side.value if concept.side else "",
             concept.zone.value if concept.zone else "")  # fmt: skip
    return ":".join(parts).rstrip(":")


def _decoded(code: str) -> QueryConcept:
    status, _, rest = code.partition(":")
    name, side, zone, *more = [*rest.split(":"), "", ""][:4]
    asked = (Status.PRESENT.value, Status.ABSENT.value, Status.UNCERTAIN.value)
    fits = status in asked and name in vocabulary().concepts and not any(more)
    if not fits or side not in ("", *Side) or zone not in ("", *Zone):
        raise QueryError(reason="chip", part=code[:80])
    return QueryConcept(id=name, status=Status(status), side=Side(side) if side else None,
                        zone=Zone(zone) if zone else None)  # fmt: skip


def _number(params: QueryParams, name: str) -> int | None:
    text = params.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and int(text) > 0):
        raise QueryError(reason="chip", part=f"{name}={text[:80]}")
    return int(text)
