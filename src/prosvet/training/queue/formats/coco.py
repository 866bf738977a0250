"""Marks as COCO instances: boxes are annotations, everything else stands in ``attributes`` of films and annotations.

Tools that keep unknown fields (CVAT, FiftyOne) give everything back; an annotation that such a tool added has no reader
of ours and becomes a new mark. Format: https://cocodataset.org/#format-data
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from prosvet.core.errors import BadMarks
from prosvet.language.vocabulary import vocabulary
from prosvet.training.queue.formats.parsing import Draft, built, film_name, loaded, number, part, row
from prosvet.training.queue.shapes import FilmMarks, MarkFinding, MarkRecord

__all__ = ["read", "write"]

_FACTS = ("reader", "version", "at", "blind", "model", "source", "comment")
_SAID = ("concept", "status", "side", "comment")
_NEW = ("", 0)
_Key = tuple[int, str, int]


def write(films: Sequence[FilmMarks]) -> str:
    """The instances file."""
    names = {concept: number for number, concept in enumerate(sorted(vocabulary().concepts), start=1)}
    boxes: list[dict[str, Any]] = []
    for film in films:
        for mark in film.marks:
            for finding in mark.findings:
                boxes += [_annotation(film, mark, finding, box, names) for box in finding.boxes]
    for place, annotation in enumerate(boxes, start=1):
        annotation["id"] = place
    body = {
        "info": {"description": "Prosvet marks", "version": "1"},
        "licenses": [],
        "images": [_film(film) for film in films],
        "categories": [{"id": n, "name": name, "supercategory": "finding"} for name, n in names.items()],
        "annotations": boxes,
    }
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def _film(film: FilmMarks) -> dict[str, Any]:
    marks = []
    for mark in film.marks:
        plain = mark.model_dump(mode="json")
        said = [{name: finding[name] for name in _SAID} for finding in plain["findings"]]
        marks.append({name: plain[name] for name in _FACTS} | {"findings": said})
    return {
        "id": film.image, "width": film.cols, "height": film.rows, "file_name": film_name(film.study, film.image),
        "attributes": {"study": film.study, "marks": marks},
    }  # fmt: skip


def _annotation(
    film: FilmMarks, mark: MarkRecord, finding: MarkFinding, box: tuple[float, ...], names: dict[str, int]
) -> dict[str, Any]:
    left, top, right, bottom = box
    return {
        "id": 0, "image_id": film.image, "category_id": names[finding.concept],
        "bbox": [left, top, right - left, bottom - top], "area": (right - left) * (bottom - top), "iscrowd": 0,
        "attributes": {
            "reader": mark.reader, "version": mark.version, "status": finding.status,
            "side": finding.side.value if finding.side else None,
        },
    }  # fmt: skip


def read(text: str) -> tuple[FilmMarks, ...]:
    """Films with their marks.

    Raises
    ------
    BadMarks
        It names the film or the annotation.
    """
    body = loaded(text)
    names = {
        part(one, "id", int, f"categories[{n}]"): part(one, "name", str, f"categories[{n}]")
        for n, one in enumerate(part(body, "categories", list, "1"))
    }
    drafts: dict[_Key, Draft] = {}
    films: dict[int, dict[str, Any]] = {}
    for n, one in enumerate(part(body, "images", list, "1")):
        _take_film(one, f"images[{n}]", films, drafts)
    for n, one in enumerate(part(body, "annotations", list, "1")):
        _take_box(one, f"annotations[{n}]", names, films, drafts)
    marks = dict(zip(drafts, built(drafts, lambda key: f"images: {key[0]}"), strict=True))
    made = []
    for image, facts in films.items():
        with row(f"images: {image}"):
            mine = tuple(mark for key, mark in marks.items() if key[0] == image)
            made.append(FilmMarks.model_validate(facts | {"marks": mine}))
    return tuple(sorted(made, key=lambda film: film.image))


def _take_film(one: Any, place: str, films: dict[int, dict[str, Any]], drafts: dict[_Key, Draft]) -> None:
    image, own = part(one, "id", int, place), part(one, "attributes", dict, place)
    if image in films:
        raise BadMarks(row=place, reason="film_twice")
    films[image] = {
        "study": part(own, "study", str, place), "image": image, "rows": part(one, "height", int, place),
        "cols": part(one, "width", int, place),
    }  # fmt: skip
    for mark in part(own, "marks", list, place) if "marks" in own else ():
        facts = {name: mark[name] for name in _FACTS if isinstance(mark, dict) and name in mark}
        key = (image, part(mark, "reader", str, place), part(mark, "version", int, place))
        if key in drafts:
            raise BadMarks(row=place, reason="mark_twice")
        drafts[key] = Draft(facts)
        for finding in part(mark, "findings", list, place):
            said = {name: finding.get(name) for name in _SAID[1:]} if isinstance(finding, dict) else {}
            drafts[key].say(part(finding, "concept", str, place), place, **said)


def _take_box(
    one: Any, place: str, names: dict[int, str], films: dict[int, dict[str, Any]], drafts: dict[_Key, Draft]
) -> None:
    image, category = part(one, "image_id", int, place), part(one, "category_id", int, place)
    if image not in films or category not in names:
        raise BadMarks(row=place, reason="unknown_reference", name="image_id" if image not in films else "category_id")
    box = part(one, "bbox", list, place)
    sides = dict(enumerate(box)) if len(box) == 4 else {}
    left, top, wide, high = (number({"bbox": sides.get(n)}, "bbox", place) for n in range(4))
    own = one.get("attributes") or {}
    reader, version = (own.get("reader") or "", own.get("version") or 0) if isinstance(own, dict) else _NEW
    key = (image, str(reader), version if isinstance(version, int) else 0)
    if key not in drafts:
        if key[1:] != _NEW:
            raise BadMarks(row=place, reason="unknown_reference", name="reader")
        drafts[key] = Draft({"source": "coco"})
    if isinstance(own, dict) and own.get("status"):
        drafts[key].say(names[category], place, status=own["status"], side=own.get("side"))
    drafts[key].box(names[category], (left, top, left + wide, top + high))
