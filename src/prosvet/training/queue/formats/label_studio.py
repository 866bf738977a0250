"""Marks as tasks of Label Studio: rectangles in percent, a taxonomy of findings, comments, and whose mark it is.

An annotation that Label Studio added has no provenance of ours and becomes a new mark. What stays in ``data`` and in
the results comes back in its export (JSON, not JSON-MIN).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from prosvet.core.errors import BadMarks
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Side
from prosvet.language.vocabulary import vocabulary
from prosvet.training.queue.formats.parsing import Draft, film_name, loaded, number, part, row
from prosvet.training.queue.shapes import FilmMarks, MarkFinding, MarkRecord

__all__ = ["FOLDER", "config", "prediction", "read", "write"]

FOLDER = "films"
"""Where the pictures lie beside the tasks: the folder that Label Studio's local storage is to serve."""
_FACTS = ("reader", "version", "at", "blind", "model", "source")
_STATUSES = ("present", "uncertain", "absent")


def config(lang: Lang) -> str:
    """The labelling interface as XML: names in `lang`, values in ids."""
    view = ElementTree.Element("View")
    film = {"name": "film", "value": "$image", "zoom": "true", "zoomControl": "true", "brightnessControl": "true"}
    ElementTree.SubElement(view, "Image", film | {"contrastControl": "true"})
    boxes = ElementTree.SubElement(view, "RectangleLabels", {"name": "box", "toName": "film"})
    tree = {"name": "findings", "toName": "film", "leafsOnly": "false", "maxWidth": "480px"}
    taxonomy = ElementTree.SubElement(view, "Taxonomy", tree)
    for concept in vocabulary().concepts.values():
        if concept.id not in ("normal", "abnormal"):
            ElementTree.SubElement(boxes, "Label", {"value": concept.id, "html": concept.names[lang]})
        branch = ElementTree.SubElement(taxonomy, "Choice", {"value": concept.id, "hint": concept.names[lang]})
        for status in _STATUSES:
            leaf = ElementTree.SubElement(branch, "Choice", {"value": status})
            for side in Side if status != "absent" else ():
                ElementTree.SubElement(leaf, "Choice", {"value": side.value})
    for name, key in (("comment", "comment"), ("note", "note"), ("provenance", "provenance")):
        box = {"name": name, "toName": "film", "rows": "2", "maxSubmissions": "1" if name != "note" else "50"}
        ElementTree.SubElement(view, "Header", {"value": text(f"marks.label_studio.{key}", lang)})
        ElementTree.SubElement(view, "TextArea", box)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def write(films: Sequence[FilmMarks]) -> str:
    """The tasks, with every reader's marks as annotations."""
    return json.dumps([_task(film) for film in films], ensure_ascii=False, indent=1) + "\n"


def prediction(film: FilmMarks, model: str, findings: Iterable[MarkFinding], score: float) -> dict[str, Any]:
    """What the model says of a film, as Label Studio shows it beforehand."""
    said = MarkRecord(findings=tuple(findings))
    return {"model_version": model, "score": score, "result": list(_results(film, said))}


def _task(film: FilmMarks) -> dict[str, Any]:
    annotations = [
        {
            "result": [*_results(film, mark), _area("provenance", json.dumps(_facts(mark), ensure_ascii=False))],
            "was_cancelled": False, "ground_truth": False,
        }
        for mark in film.marks
    ]  # fmt: skip
    name = film_name(film.study, film.image)
    data = {"image": f"/data/local-files/?d={FOLDER}/{name}", "study": film.study, "film": film.image,
            "rows": film.rows, "cols": film.cols}  # fmt: skip
    return {"data": data, "annotations": annotations, "predictions": []}


def _facts(mark: MarkRecord) -> dict[str, Any]:
    plain = mark.model_dump(mode="json")
    return {name: plain[name] for name in _FACTS}


def _area(name: str, *words: str) -> dict[str, Any]:
    return {"id": name, "from_name": name, "to_name": "film", "type": "textarea", "value": {"text": list(words)}}


def _results(film: FilmMarks, mark: MarkRecord) -> Iterator[dict[str, Any]]:
    size = {"original_width": film.cols, "original_height": film.rows, "image_rotation": 0}
    for finding in mark.findings:
        for n, (left, top, right, bottom) in enumerate(finding.boxes):
            value = {
                "x": 100 * left / film.cols, "y": 100 * top / film.rows, "width": 100 * (right - left) / film.cols,
                "height": 100 * (bottom - top) / film.rows, "rotation": 0, "rectanglelabels": [finding.concept],
            }  # fmt: skip
            yield {"id": f"{finding.concept}-{n}", "from_name": "box", "to_name": "film", "type": "rectanglelabels",
                   **size, "value": value}  # fmt: skip
    paths = [[f.concept, f.status, *([f.side.value] if f.side else [])] for f in mark.findings]
    yield {"id": "findings", "from_name": "findings", "to_name": "film", "type": "taxonomy",
           "value": {"taxonomy": paths}}  # fmt: skip
    if mark.comment:
        yield _area("comment", mark.comment)
    notes = [f"{finding.concept}: {finding.comment}" for finding in mark.findings if finding.comment]
    if notes:
        yield _area("note", *notes)


def read(text: str) -> tuple[FilmMarks, ...]:
    """Films with their marks, from tasks or from an export; an annotation that was skipped there is left out.

    Raises
    ------
    BadMarks
        It names the task.
    """
    tasks, films = loaded(text), {}
    if not isinstance(tasks, list):
        raise BadMarks(row="1", reason="not_a_list")
    for n, task in enumerate(tasks):
        place = f"[{n}]"
        data = part(task, "data", dict, place)
        image = part(data, "film", int, place)
        if image in films:
            raise BadMarks(row=place, reason="film_twice")
        rows, cols = part(data, "rows", int, place), part(data, "cols", int, place)
        given = [one for one in part(task, "annotations", list, place) if not _cancelled(one)]
        with row(place):
            marks = tuple(_mark(one, (rows, cols), place) for one in given)
            facts = {"study": part(data, "study", str, place), "image": image, "rows": rows, "cols": cols}
            films[image] = FilmMarks.model_validate(facts | {"marks": marks})
    return tuple(sorted(films.values(), key=lambda film: film.image))


def _cancelled(annotation: Any) -> bool:
    return isinstance(annotation, dict) and annotation.get("was_cancelled") is True


def _mark(annotation: Any, size: tuple[int, int], place: str) -> MarkRecord:
    draft = Draft({"source": "label-studio"})
    for result in part(annotation, "result", list, place):
        value = part(result, "value", dict, place)
        kind = part(result, "from_name", str, place)
        if kind == "box":
            for concept in part(value, "rectanglelabels", list, place):
                draft.box(str(concept), _box(value, size, place))
        elif kind == "findings":
            for path in part(value, "taxonomy", list, place):
                _path(path, draft, place)
        else:
            _words(kind, [str(one) for one in part(value, "text", list, place)], draft, place)
    return draft.record()


def _path(path: Any, draft: Draft, place: str) -> None:
    if not isinstance(path, list) or not 1 <= len(path) <= 3:
        raise BadMarks(row=place, reason="missing", name="taxonomy")
    concept, status, side = [*map(str, path), *("present", None)[len(path) - 1 :]][:3]
    draft.say(str(concept), place, status=status, side=side)


def _words(kind: str, words: list[str], draft: Draft, place: str) -> None:
    if kind == "comment":
        draft.facts["comment"] = "\n".join(words)
    elif kind == "provenance":
        facts = loaded(words[0]) if words else {}
        draft.facts |= {name: facts[name] for name in _FACTS if isinstance(facts, dict) and name in facts}
    elif kind == "note":
        for note in words:
            concept, colon, said = note.partition(": ")
            if not colon:
                raise BadMarks(row=place, reason="note_without_finding")
            draft.say(concept, place, comment=said)


def _box(value: Any, size: tuple[int, int], place: str) -> tuple[float, float, float, float]:
    if value.get("rotation"):
        raise BadMarks(row=place, reason="rotated_box")
    rows, cols = size
    x, y, wide, high = (number(value, name, place) / 100 for name in ("x", "y", "width", "height"))
    return x * cols, y * rows, (x + wide) * cols, (y + high) * rows
