"""DICOMweb: looking (QIDO), fetching (WADO), storing (STOW); what was stored is looked for before it counts."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pydicom
import requests
from dicomweb_client.web import DICOMwebClient
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from prosvet.core.errors import PeerError, PeerUnreachable
from prosvet.hospital.config import DicomWeb
from prosvet.hospital.peers.get import FILMS
from prosvet.hospital.peers.move import Moved
from prosvet.hospital.peers.query import StudyMatch, StudyQuery, identifier, match_of, same_patient, words
from prosvet.hospital.peers.send import Sent, judged
from prosvet.hospital.peers.session import MOST_BYTES, Session, refusal, spoken

__all__ = ["NAME", "Web"]

log = logging.getLogger(__name__)

NAME = "dicomweb"
_PAUSES = (0.0, 0.3, 1.0)  # seconds: some servers list an object a moment after they took it
_CONFLICT = 409
_BEYOND = re.compile(r"[^A-Za-z0-9*?._-]+")
_NAMED = ("patient_id", "patient_name", "accession")
_WIDE = 500  # answers to a question that had to be widened
_NOT_THERE = (204, 404)


class Web:
    """One DICOMweb server.

    Raises
    ------
    InvalidSettings
        When its secret cannot be read.
    """

    def __init__(self, config: DicomWeb) -> None:
        self._config = config
        self._session = Session(config)
        # Never in chunks: the library would try again with what is left of them.
        self._client = DICOMwebClient(
            config.url.rstrip("/"), session=self._session, timeout=config.timeout, chunk_size=MOST_BYTES,
            permissive_uid=True,
        )  # fmt: skip
        self._client.set_http_retry_params(retry=False)

    def echo(self) -> None:
        """Ask whether it is there and lets us in.

        Raises
        ------
        PeerUnreachable, PeerError
        """
        with spoken(NAME):
            self._client.search_for_studies(limit=1)

    def find(self, query: StudyQuery, *, most: int = 200) -> tuple[StudyMatch, ...]:
        """Studies that fit, the newest first, at most `most` of them.

        Raises
        ------
        PeerUnreachable, PeerError
        """
        found = self._found(query, most)
        blind = query.model_copy(update={key: _BEYOND.sub("*", getattr(query, key)) for key in _NAMED})
        if not found and blind != query:
            # Some servers (Debian's Orthanc) do not undo %-encoding: where it is needed, they are asked for anything.
            found = [one for one in self._found(blind, _WIDE) if _named(query, one)]
        kept = same_patient(query, found)
        return tuple(sorted(kept, key=lambda one: (one.date, one.time), reverse=True)[:most])

    def _found(self, query: StudyQuery, most: int) -> list[StudyMatch]:
        asked = [one for one in identifier(query) if one.keyword not in ("QueryRetrieveLevel", "SpecificCharacterSet")]
        filters: dict[str, Any] = {one.keyword: str(one.value) for one in asked if one.value}
        fields = [one.keyword for one in asked]
        with spoken(NAME):
            answers = self._client.search_for_studies(limit=most, fields=fields, search_filters=filters)
            found = [match_of(Dataset.from_json(one)) for one in answers[:most]]
        return [one for one in found if one is not None]

    def retrieve(self, study_uid: str, folder: Path) -> Moved:
        """Fetch the films of a study into `folder`, one at a time, ``000001.dcm`` on.

        Raises
        ------
        PeerUnreachable, PeerError
        """
        completed = failed = 0
        with spoken(NAME):
            listed = [Dataset.from_json(one) for one in self._client.search_for_instances(study_uid)]
            films = [one for one in listed if words(one, "SOPClassUID") in FILMS.values()]
            for one in films:
                series, uid = words(one, "SeriesInstanceUID"), words(one, "SOPInstanceUID")
                film = self._client.retrieve_instance(study_uid, series, uid, (("application/dicom", "*"),))
                if words(film, "SOPInstanceUID") != uid or words(film, "StudyInstanceUID") != study_uid:
                    failed += 1
                    continue
                completed += 1
                pydicom.dcmwrite(folder / f"{completed:06d}.dcm", film, enforce_file_format=True)
        return Moved(completed, failed)

    def store(self, paths: Sequence[Path]) -> list[Sent]:
        """Store files, a request each; a status for each, in their order.

        With ``verify`` (the default) an object counts as stored when a query finds it there, whatever the answer was.
        """
        done = [self._store(path) for path in paths]
        log.info("%d of %d objects were stored by DICOMweb", sum(one.ok for one in done), len(done))
        return done

    def stored(self, study_uid: str, sop_uid: str, sop_class: str) -> bool:
        """Whether a query finds the object there, in its study and of its class.

        Raises
        ------
        PeerUnreachable, PeerError
        """
        for pause in _PAUSES:
            time.sleep(pause)
            with spoken(NAME):
                try:
                    answers = self._client.search_for_instances(study_uid, search_filters={"SOPInstanceUID": sop_uid})
                except requests.HTTPError as error:
                    if error.response is None or error.response.status_code not in _NOT_THERE:
                        raise
                    answers = []
                found = [Dataset.from_json(one) for one in answers]
            if any(_same(one, study_uid, sop_uid, sop_class) for one in found):
                return True
        return False

    def _store(self, path: Path) -> Sent:
        try:
            dataset = pydicom.dcmread(path)
            study, uid, kind = str(dataset.StudyInstanceUID), str(dataset.SOPInstanceUID), str(dataset.SOPClassUID)
        except (InvalidDicomError, AttributeError, EOFError):
            return Sent("", False, reason="not_dicom")
        try:
            with spoken(NAME):
                answer = self._put(dataset, study)
            said = _said(answer, uid)
            if not self._config.verify:
                return said
            if self.stored(study, uid, kind):
                return replace(said, ok=True, again=False, reason=None, confirmed=True)
        except PeerUnreachable as error:
            return Sent(uid, False, True, reason=str(error.details["reason"]))
        except PeerError as error:
            return Sent(uid, False, False, reason=str(error.details["reason"]))
        # It may say "done" for what it has lost, and "no" for what it has: the query decides.
        return said if said.reason else replace(said, ok=False, again=True, reason="not_found_there")

    def _put(self, dataset: Dataset, study: str) -> Dataset | int:
        """The answer to a STOW, or the status with which all of it was refused."""
        try:
            return self._client.store_instances([dataset], study_instance_uid=study)
        except requests.HTTPError as error:
            if error.response is not None and error.response.status_code == _CONFLICT:
                return _CONFLICT
            if error.response is not None:
                raise refusal(NAME, error.response.status_code) from None
            raise


def _named(query: StudyQuery, one: StudyMatch) -> bool:
    """Whether the name fits, as a PACS would match it."""
    pattern = query.patient_name.casefold().replace("[", "[[]")
    return not pattern or fnmatchcase(one.patient_name.casefold(), pattern)


def _said(answer: Dataset | int, uid: str) -> Sent:
    if isinstance(answer, int):
        return Sent(uid, False, False, answer, "refused_object")
    for item in answer.get("FailedSOPSequence") or []:
        if words(item, "ReferencedSOPInstanceUID") in (uid, ""):
            return judged(uid, int(item.get("FailureReason") or 0xC000))
    listed = {words(item, "ReferencedSOPInstanceUID") for item in answer.get("ReferencedSOPSequence") or []}
    return Sent(uid, True, status=200) if uid in listed else Sent(uid, False, True, 200, "nothing_told")


def _same(found: Dataset, study_uid: str, sop_uid: str, sop_class: str) -> bool:
    told = (words(found, "StudyInstanceUID") or study_uid, words(found, "SOPClassUID") or sop_class)
    return words(found, "SOPInstanceUID") == sop_uid and told == (study_uid, sop_class)
