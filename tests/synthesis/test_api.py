"""Pictures from words, from films and within a region: what is used is told, what is written can be read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, ModelNotFound, SynthesisError
from prosvet.synthesis.api import SynthesizeRequest, run
from prosvet.synthesis.gallery import Gallery, forget_studies
from prosvet.synthesis.gallery_api import GalleryRequest
from prosvet.synthesis.gallery_api import run as gallery
from prosvet.synthesis.inspect_api import InspectRequest
from prosvet.synthesis.inspect_api import run as inspect
from prosvet.synthesis.loaded import Loaded

PROMPT = "Пневмония в нижней доле левого лёгкого, (норма:0.5)"

pytestmark = pytest.mark.timeout(400)  # the generator is written once; a busy machine takes its time over that


def test_what_is_used_is_told_and_the_same_again_is_the_same(lit: Context, tmp_path: Path) -> None:
    out = tmp_path / "made.png"
    first = run(SynthesizeRequest(prompt=PROMPT, negative="перелом", steps=3, out=out), lit)
    assert (first.made.prompt, first.made.steps, first.made.kind, first.made.revision) == (PROMPT, 3, "text", "tiny")
    assert {(one.concept, one.side) for one in first.understood} >= {("pneumonia", "left")}
    assert first.name is None
    with Image.open(out) as made:
        pixels = np.asarray(made)
    again = run(
        SynthesizeRequest(prompt=PROMPT, negative="перелом", steps=3, out=tmp_path / "b.png", seed=first.made.seed), lit
    )
    with Image.open(tmp_path / "b.png") as made:
        assert np.array_equal(np.asarray(made), pixels)
    assert again.made.model_copy(update={"date": first.made.date}) == first.made


def test_a_dicom_file_says_in_every_place_that_it_is_synthetic(lit: Context, tmp_path: Path) -> None:
    out = tmp_path / "made.dcm"
    result = run(SynthesizeRequest(prompt=PROMPT, steps=2, seed=5, out=out, burn_in=True), lit)
    header = pydicom.dcmread(out)
    assert header.ImageType[-1] == "SYNTHETIC"
    assert (header.ConversionType, header.BurnedInAnnotation, str(header.PatientName)) == (
        "SYN", "YES", "SYNTHETIC^IMAGE",
    )  # fmt: skip
    assert not [element for element in header.iterall() if element.tag.is_private]
    found = inspect(InspectRequest(file=out), lit)
    assert found.survived == ("header", "watermark")
    assert found.provenance == result.made
    header.remove_private_tags()
    for keyword in ("ImageType", "ConversionType", "ImageComments", "QualityControlImage"):
        delattr(header, keyword)
    header.save_as(tmp_path / "stripped.dcm")
    stripped = inspect(InspectRequest(file=tmp_path / "stripped.dcm"), lit)
    assert (stripped.synthetic, stripped.survived, stripped.lost) == (True, ("watermark",), ("header",))


def test_png_text_is_read_back_and_the_watermark_outlives_it(lit: Context, tmp_path: Path) -> None:
    out = tmp_path / "made.png"
    result = run(SynthesizeRequest(prompt=PROMPT, steps=2, seed=6, out=out), lit)
    found = inspect(InspectRequest(file=out), lit)
    assert (found.survived, found.provenance) == (("text", "watermark"), result.made)
    with Image.open(out) as made:
        made.convert("L").save(tmp_path / "made.jpg", quality=75)
    saved = inspect(InspectRequest(file=tmp_path / "made.jpg"), lit)
    assert (saved.synthetic, saved.survived, saved.provenance) == (True, ("watermark",), None)
    Image.linear_gradient("L").save(tmp_path / "plain.png")
    real = inspect(InspectRequest(file=tmp_path / "plain.png"), lit)
    assert (real.synthetic, real.survived, real.lost) == (False, (), ())


def test_only_the_named_region_of_a_film_changes(lit: Context, shared_data: Path, tmp_path: Path) -> None:
    film, out = shared_data / "fullsize" / "cxb00281.png", tmp_path / "made.png"
    request = SynthesizeRequest(prompt=PROMPT, steps=4, seed=1, start=film, region="left_lung", out=out, strength=0.8)
    result = run(request, lit)
    assert (result.made.kind, result.made.region, result.made.strength) == ("inpainting", "left_lung", 0.8)
    with Image.open(out) as made:
        pixels = np.asarray(made).astype(float)
    whole = run(SynthesizeRequest(prompt=PROMPT, steps=4, seed=1, start=film, out=out, strength=0.8), lit)
    assert whole.made.kind == "image"
    with Image.open(out) as made:
        other = np.asarray(made).astype(float)
    change = np.abs(pixels - other)
    assert change[:, :100].mean() > 4  # the patient's right was drawn anew only where no region was named
    assert pixels[120, 75] < 100  # a dark lung still


def test_a_bad_request_is_refused(lit: Context, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"\.png or \.dcm"):
        run(SynthesizeRequest(prompt=PROMPT, steps=2, out=tmp_path / "a.gif"), lit)
    with pytest.raises(ValueError, match="needs start"):
        SynthesizeRequest(prompt=PROMPT, region="heart")


def test_without_the_generator_the_error_names_it(context: Context) -> None:
    with pytest.raises(ModelNotFound, match="no-such-generator"):
        run(SynthesizeRequest(prompt=PROMPT, generator="no-such-generator"), context)


def test_what_is_kept_is_listed_for_its_maker_and_goes_with_its_study(lit: Context) -> None:
    made = run(SynthesizeRequest(prompt=PROMPT, steps=2, seed=8), lit)
    listed = gallery(GalleryRequest(), lit)
    assert [one.name for one in listed.pictures] == [made.name]
    assert listed.memory is not None
    assert listed.memory.name == "compact-generator"
    assert listed.generators[0].problem == ""
    kept = lit.get(Gallery)
    entry = kept.entry(made.name or "", lit.actor)
    kept.keep(entry.model_copy(update={"study": "SERASED"}))
    from prosvet.core.audit import AuditLog

    forget_studies(lit.settings.home, {"SOTHER"}, AuditLog.from_context(lit))
    assert gallery(GalleryRequest(), lit).total == 1
    forget_studies(lit.settings.home, {"SERASED"}, AuditLog.from_context(lit))
    assert gallery(GalleryRequest(), lit).total == 0


def test_memory_that_runs_out_lets_the_generator_go(lit: Context) -> None:
    loaded = lit.get(Loaded)
    with pytest.raises(SynthesisError, match="memory"), loaded.using("compact-generator"):
        assert loaded.state().name == "compact-generator"
        raise MemoryError
    assert loaded.state().name is None
    with loaded.using("compact-generator"):  # and it can be had again
        assert loaded.state().weights > 0
