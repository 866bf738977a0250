"""A capability's request out of what a browser or a program sends: its files as uploads, never as names of ours.

Where a request model has a path, a route takes the file itself. It lies in a folder of its own while the request is
answered, and goes with it; nothing that the caller writes is ever opened as a path of the server.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Collection, Mapping
from pathlib import Path, PureWindowsPath
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from prosvet.archive.files import room_for
from prosvet.core.errors import Cancelled, InvalidRequest

__all__ = ["BodyOf", "file_name", "kept"]

M = TypeVar("M", bound=BaseModel)

_NAME = 180  # bytes of a file's name


class BodyOf(Generic[M]):
    """A dependency that gives the request `model` of a body, multipart or (where no file is needed) JSON.

    Parameters
    ----------
    model : type
        The capability's own request.
    without : collection of str
        Fields that cannot be asked for over HTTP.
    parts : mapping of str to str
        Part of the form to the field that takes it as its only file, where the field takes many.

    How large a body may be is held by the guard in front of every route (:mod:`prosvet.app.http.body`).

    Raises
    ------
    InvalidRequest
    """

    def __init__(
        self, model: type[M], *, without: Collection[str] = (), parts: Mapping[str, str] | None = None
    ) -> None:
        self.model = model
        schema = _inlined(model.model_json_schema())
        fields = {name: part for name, part in schema["properties"].items() if name not in without}
        named = parts or {}
        self._only = {field: part for part, field in named.items()}
        self.files = {self._only.get(name, name): name for name, part in fields.items() if _holds_path(part)}
        self.fields = {name: part for name, part in fields.items() if not _holds_path(part)}
        self._needed = [self._only.get(name, name) for name in schema.get("required", ())]
        self.takes_json = not set(self._needed) & set(self.files)

    async def __call__(self, request: Request) -> AsyncGenerator[M, None]:
        """The request, with its files in place for as long as it is answered."""
        with TemporaryDirectory(prefix="prosvet-") as folder:
            if request.headers.get("content-type", "").startswith("multipart/form-data"):
                form = await _form(request, len(self.files))
                try:
                    given = await run_in_threadpool(self._of_form, form, Path(folder))
                finally:
                    await form.close()
            elif not self.takes_json:
                raise InvalidRequest(name="body", reason="body_not_form")
            else:
                given = self._of_json(await _body(request))
            yield self._model(given)

    def _of_form(self, form: FormData, folder: Path) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if name not in self.files or self.files[name] in given:
                    raise InvalidRequest(name=name, reason="unknown_part", known=", ".join(self.files))
                path = kept(value, folder / str(len(given)))
                given[self.files[name]] = [path] if name != self.files[name] else path
            elif name not in self.fields:
                raise InvalidRequest(name=name, reason="unknown_part", known=", ".join([*self.files, *self.fields]))
            elif _is(self.fields[name], "array"):
                given.setdefault(name, []).append(value)
            else:
                given[name] = _loaded(value.encode(), name) if _is(self.fields[name], "object") else value
        # An empty field of a form is one that was not filled.
        return {name: value for name, value in given.items() if value != "" or _is(self.fields[name], "string", 1)}

    def _of_json(self, body: bytes) -> dict[str, Any]:
        given = _loaded(body, "body")
        if not isinstance(given, dict):
            raise InvalidRequest(name="body", reason="body_not_object")
        unknown = [name for name in given if name not in self.fields]
        if unknown:
            raise InvalidRequest(name=unknown[0], reason="unknown_part", known=", ".join(self.fields))
        return given

    def _model(self, given: dict[str, Any]) -> M:
        try:
            return self.model.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise InvalidRequest(name=self._only.get(name, name) or "body", reason=first["msg"]) from None

    def openapi(self) -> dict[str, Any]:
        """The ``requestBody`` of the route, for ``openapi_extra``."""
        files = {part: {"type": "string", "contentMediaType": "application/octet-stream"} for part in self.files}
        whole = {"type": "object", "additionalProperties": False}
        form = whole | {"properties": files | self.fields, "required": self._needed}
        content: dict[str, Any] = {"multipart/form-data": {"schema": form}} if files else {}
        if self.takes_json:
            content["application/json"] = {"schema": whole | {"properties": self.fields, "required": self._needed}}
        return {"requestBody": {"required": True, "content": content}}


def file_name(given: str | None) -> str:
    r"""The last part of a name that a browser sent, short enough for any file system.

    Examples
    --------
    >>> file_name("C:\\films\\..\\one.dcm"), file_name("../../etc/passwd"), file_name("..")
    ('one.dcm', 'passwd', 'file')
    """
    last = PureWindowsPath((given or "").replace("\0", "")).name
    clean = "".join(letter for letter in last if letter.isprintable())
    while len(clean.encode("utf-8", "replace")) > _NAME:
        clean = clean[1:]  # the end tells the kind
    return clean if clean.strip(". ") else "file"


async def _form(request: Request, files: int) -> FormData:
    try:
        return await MultiPartParser(request.headers, request.stream(), max_files=files, max_fields=200).parse()
    except MultiPartException as error:
        raise InvalidRequest(name="body", reason=error.message) from None
    except ClientDisconnect:  # gone, or cut off by the guard that counts what comes
        raise Cancelled from None


async def _body(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise Cancelled from None


def kept(upload: UploadFile, folder: Path) -> Path:
    """The file that was brought, in `folder` (made where it is not there) under its own name.

    Raises
    ------
    DiskFull
    """
    folder.mkdir(exist_ok=True)
    path = folder / file_name(upload.filename)
    with room_for(path), path.open("wb") as stream:
        copyfileobj(upload.file, stream, 1 << 20)
    return path


def _loaded(body: bytes, name: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequest(name=name, reason="body_not_json") from None


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` without references: an operation has no place for definitions."""
    kept = schema.pop("$defs", {})

    def whole(node: Any) -> Any:
        if isinstance(node, list):
            return [whole(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return whole(kept[node["$ref"].rpartition("/")[2]])
        return {key: whole(value) for key, value in node.items()}

    made: dict[str, Any] = whole(schema)
    return made


def _choices(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(part.get("anyOf", [part]))


def _holds_path(part: Mapping[str, Any]) -> bool:
    """Whether a field is a path, or a list or a table of paths."""
    inner = [choice.get("items") or choice.get("additionalProperties") or choice for choice in _choices(part)]
    return any(isinstance(one, dict) and one.get("format") in ("path", "binary") for one in inner)


def _is(part: Mapping[str, Any], kind: str, least: int = 0) -> bool:
    return any(choice.get("type") == kind for choice in _choices(part)) and len(_choices(part)) >= least
