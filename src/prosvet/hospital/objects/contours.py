"""Lungs and heart, and the areas where findings were seen, as a binary SEG on the source's own pixels.

A projection image has no place in the patient's space, and often no spacing: the segmentation has neither. It lies on
the source by being of its size and derived from it (PS3.3 A.51: positions and measures are needed only where a
Derivation Image macro is not). A frame of reference is copied where the source states one, never made up. A pixel
measures macro is left out even where the source has a spacing: readers of volumes want a slice thickness beside it.
"""

from __future__ import annotations

import numpy as np
from highdicom import AlgorithmIdentificationSequence, color, seg
from highdicom.sr import CodedConcept
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage

from prosvet.core.errors import ResultError
from prosvet.core.types import Finding, Status
from prosvet.hospital.objects.codes import concept_code, own
from prosvet.hospital.objects.evidence import evidence_items, nameless
from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.grid import Grid, grid_of
from prosvet.hospital.objects.structured import scheme_item
from prosvet.imaging.overlay import CONTOUR_COLOURS
from prosvet.language.vocabulary import vocabulary
from prosvet.models.examine import Examination
from prosvet.reading.evidence import excess

__all__ = ["build"]

Mask = NDArray[np.bool_]

_ORGANS = {
    "right_lung": (codes.SCT.Lung, codes.SCT.Right),
    "left_lung": (codes.SCT.Lung, codes.SCT.Left),
    "heart": (codes.SCT.Heart, None),
}
_FINDING_COLOUR = (246, 134, 18)
_SLICES = (CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage)
_CLAIMED = (Status.PRESENT, Status.UNCERTAIN)


def build(frame: Frame) -> Dataset:
    """Write the segments.

    Raises
    ------
    ResultError
        When no film was read, or neither lung nor heart was found on it.
    """
    examination = frame.results.examination
    if examination is None or examination.anatomy is None or not examination.anatomy.masks:
        raise ResultError(reason="no_contours")
    if _lies_in_space(frame):
        raise ResultError(reason="in_space")
    grid = grid_of(frame.sources, examination)
    masks, described = [], []
    for name, mask in _organs(examination, grid):
        masks.append(mask)
        described.append(_organ(len(masks), name, frame))
    for finding, mask in _areas(frame, examination, grid):
        masks.append(mask)
        described.append(_area(len(masks), finding, frame))
    made = seg.Segmentation(
        source_images=[_source(frame)],
        pixel_array=np.stack(masks, axis=-1)[None].astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=described,
        series_instance_uid=frame.series_uid,
        series_number=1,
        sop_instance_uid=frame.sop_uid,
        instance_number=1,
        manufacturer="Prosvet",
        manufacturer_model_name=frame.device[0],
        software_versions=frame.software[0],
        device_serial_number=frame.device[1],
        content_label="PROSVET",
        content_description=frame.say("series.seg"),
    )
    return _settled(made, frame)


def _lies_in_space(frame: Frame) -> bool:
    """Is the source a slice with a place in the patient's space, and no film? Contours of films have none to give."""
    film = frame.sources.film
    return "ImageOrientationPatient" in film or str(film.SOPClassUID) in _SLICES


def _organs(examination: Examination, grid: Grid) -> list[tuple[str, Mask]]:
    anatomy = examination.anatomy
    if anatomy is None:
        return []
    placed = [(name, anatomy.on_film(name, examination.film.shape)) for name in _ORGANS if name in anatomy.masks]
    return [(name, grid.mask(mask)) for name, mask in placed if mask.any()]


def _areas(frame: Frame, examination: Examination, grid: Grid) -> list[tuple[Finding, Mask]]:
    """Where the map of a claimed finding stands above half of its peak: the box of its evidence, as a shape.

    A map's values are no probabilities of pixels, so that a fractional segment would claim what nobody measured.
    """
    found = []
    for finding in frame.results.findings:
        placed = any(one.kind == "map" for one in finding.evidence)
        known = examination.maps.get(finding.concept)
        if finding.status in _CLAIMED and placed and known is not None and frame.results.signed is None:
            plane = known.placement.map_to_original(excess(known.plane), examination.film.shape)
            if (plane >= 0.5).any():
                found.append((finding, grid.mask(plane >= 0.5)))
    return found


def _source(frame: Frame) -> Dataset:
    """What highdicom needs of the film's header: without a frame of reference, since no plane lies in one."""
    film = frame.sources.film
    header = nameless(film)
    header.Modality = str(film.get("Modality") or "OT")
    header.Rows, header.Columns = int(film.Rows), int(film.Columns)
    return header


def _organ(number: int, name: str, frame: Frame) -> seg.SegmentDescription:
    organ, side = _ORGANS[name]
    words = frame.say(f"organs.{name}")
    described = seg.SegmentDescription(
        segment_number=number,
        segment_label=words,
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=Code(organ.value, "SCT", words if side is None else frame.say("site.lung")),
        algorithm_type="AUTOMATIC",
        algorithm_identification=_algorithm(frame),
        tracking_uid=frame.uid("segment", name),
        tracking_id=name,
        display_color=_colour(CONTOUR_COLOURS[name]),
    )
    if side is not None:
        modifier = CodedConcept(side.value, "SCT", frame.say(f"side.{name.removesuffix('_lung')}"))
        described.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [modifier]
    return described


def _area(number: int, finding: Finding, frame: Frame) -> seg.SegmentDescription:
    name = vocabulary()[finding.concept].names[frame.results.lang]
    described = seg.SegmentDescription(
        segment_number=number,
        segment_label=frame.say("area", finding=name)[:64],
        segmented_property_category=own("model_area", frame.say("names.area")),
        segmented_property_type=concept_code(finding.concept, frame.results.lang),
        algorithm_type="AUTOMATIC",
        algorithm_identification=_algorithm(frame),
        tracking_uid=frame.uid("track", finding.concept),
        tracking_id=finding.concept,
        display_color=_colour(_FINDING_COLOUR),
    )
    described.SegmentDescription = frame.say("area_description")
    return described


def _algorithm(frame: Frame) -> AlgorithmIdentificationSequence:
    model = frame.results.model
    name, version = frame.device
    return AlgorithmIdentificationSequence(
        name=name,
        family=codes.DCM.ArtificialIntelligence,
        version=version,
        parameters={"operating_point": model.operating_point} if model else None,
    )


def _colour(rgb: tuple[int, int, int]) -> color.CIELabColor:
    return color.CIELabColor.from_rgb(*rgb)


def _settled(made: Dataset, frame: Frame) -> Dataset:
    """The parts that highdicom draws by chance, from what the object was made of; and the rest of the references."""
    organisation = frame.uid("dimensions")
    for keyword in ("DimensionOrganizationSequence", "DimensionIndexSequence"):
        for item in made.get(keyword) or ():
            item.DimensionOrganizationUID = organisation
    film = frame.sources.film
    if film.get("FrameOfReferenceUID"):
        made.FrameOfReferenceUID = str(film.FrameOfReferenceUID)
        made.PositionReferenceIndicator = ""
    made.ReferencedSeriesSequence = evidence_items(frame.sources)[0].ReferencedSeriesSequence
    for series in made.ReferencedSeriesSequence:
        series.ReferencedInstanceSequence = series.pop("ReferencedSOPSequence").value
    made.CodingSchemeIdentificationSequence = [scheme_item()]
    made.ContentCreatorName = ""
    made.PatientOrientation = ""  # that of the source, which need not tell it
    return made
