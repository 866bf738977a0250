from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence

from prosvet.core.errors import ColourPhotograph, TooSmall, UnsupportedFile
from prosvet.core.settings import Settings
from prosvet.imaging import load_bytes, load_film

DATA = Path(__file__).with_name("data")
LOSSLESS = [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian,
            uid.DeflatedExplicitVRLittleEndian, uid.RLELossless, uid.JPEGLSLossless,
            uid.JPEG2000Lossless]  # fmt: skip


def packaged(name: str) -> Path:
    """A file that ships inside pydicom itself."""
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    return Path(path)


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("kind", ["u1", "u2", "i2"])
def test_lossless_round_trip_is_exact(syntax: uid.UID, kind: str, make_dicom, ramp, settings: Settings) -> None:
    if kind == "u2":
        pixels = (ramp * 16 + 7).astype(np.uint16)  # to the last bit of sixteen
    else:
        pixels = (ramp // 20).astype(kind) if kind == "u1" else ramp.astype(np.int16) - 1700
    film = load_bytes(make_dicom(pixels, syntax), "film", settings)
    np.testing.assert_array_equal(film.pixels, pixels.astype(np.float32))


@pytest.mark.parametrize("kind", ["u1", "u2", "i2"])
def test_jpeg_lossless_round_trip_is_exact(kind: str, make_dicom, ramp, tmp_path: Path, settings: Settings) -> None:
    gdcm = pytest.importorskip("gdcm")
    pixels = (
        (ramp // 20).astype(kind)
        if kind == "u1"
        else (ramp.astype(np.int32) * 16 - 32000 * (kind == "i2")).astype(kind)
    )
    (tmp_path / "plain.dcm").write_bytes(make_dicom(pixels))
    reader = gdcm.ImageReader()
    reader.SetFileName(str(tmp_path / "plain.dcm"))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetFileName(str(tmp_path / "jpeg.dcm"))
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    assert pydicom.dcmread(tmp_path / "jpeg.dcm").file_meta.TransferSyntaxUID == uid.JPEGLosslessSV1
    film = load_film(tmp_path / "jpeg.dcm", settings)
    np.testing.assert_array_equal(film.pixels, pixels.astype(np.float32))


@pytest.mark.parametrize("syntax", [uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K], ids=lambda s: s.keyword)
def test_high_throughput_jpeg2000_is_exact(syntax: uid.UID, make_encapsulated, ramp, settings: Settings) -> None:
    frame = (DATA / "ramp.htj2k").read_bytes()
    film = load_bytes(make_encapsulated(frame, syntax, 96, 80, BitsStored=12), "film", settings)
    np.testing.assert_array_equal(film.pixels, ramp)


def test_lossy_high_throughput_jpeg2000_is_close(make_encapsulated, ramp, settings: Settings) -> None:
    frame = (DATA / "ramp_lossy.htj2k").read_bytes()
    film = load_bytes(make_encapsulated(frame, uid.HTJ2K, 96, 80, BitsStored=12), "film", settings)
    assert np.abs(film.pixels - ramp).max() <= 8


@pytest.mark.parametrize("syntax", [uid.JPEG2000, uid.JPEGLSNearLossless], ids=lambda s: s.keyword)
def test_lossy_syntaxes_are_close(syntax: uid.UID, make_dicom, ramp, settings: Settings) -> None:
    plain = pydicom.dcmread(io.BytesIO(make_dicom(ramp, BitsStored=12)))
    options = {"j2k_cr": [4]} if syntax == uid.JPEG2000 else {"jls_error": 2}
    plain.compress(syntax, **options)
    stream = io.BytesIO()
    plain.save_as(stream)
    film = load_bytes(stream.getvalue(), "film", settings)
    assert np.abs(film.pixels - ramp).max() <= 24


def test_jpeg_baseline_is_close(make_encapsulated, ramp, settings: Settings) -> None:
    grey = (ramp // 16).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "JPEG", quality=95)
    about = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    film = load_bytes(make_encapsulated(stream.getvalue(), uid.JPEGBaseline8Bit, 96, 80, **about), "film", settings)
    assert np.abs(film.pixels - grey).max() <= 3


@pytest.mark.parametrize("name", ["JPGExtended.dcm", "JPEG-lossy.dcm"])
def test_jpeg_with_twelve_bits_is_read(name: str, settings: Settings) -> None:
    film = load_film(packaged(name), settings)
    reference = pydicom.dcmread(packaged("JPEG2000.dcm")).pixel_array  # the same picture, compressed otherwise
    assert film.shape == (1024, 256)
    assert np.corrcoef(film.pixels.ravel(), reference.ravel())[0, 1] > 0.95


def test_every_syntax_of_one_real_film_reads_alike(pydicom_data: Path, settings: Settings) -> None:
    plain = load_film(pydicom_data / "RG1_UNCR.dcm", settings)
    assert plain.shape == (1955, 1841)
    assert plain.steps == ("voi_window", "monochrome1")
    assert plain.spacing is None  # the file says 0 mm
    np.testing.assert_array_equal(load_film(pydicom_data / "RG1_J2KR.dcm", settings).pixels, plain.pixels)
    lossy = load_film(pydicom_data / "RG1_J2KI.dcm", settings)
    assert np.corrcoef(lossy.pixels[::8, ::8].ravel(), plain.pixels[::8, ::8].ravel())[0, 1] > 0.999


@pytest.mark.parametrize("name", ["JPEG-LL.dcm", "JPGLosslessP14SV1_1s_1f_8b.dcm", "bad_sequence.dcm"])
def test_real_jpeg_lossless_is_read(name: str, pydicom_data: Path, settings: Settings) -> None:
    film = load_film(pydicom_data / name, settings)
    assert np.ptp(film.pixels) > 200


def test_real_films_of_the_shared_data(shared_data: Path, settings: Settings) -> None:
    film = load_film(shared_data / "dicom" / "txv_siim.dcm", settings)
    assert (film.shape, film.spacing) == ((1024, 1024), (0.168, 0.168))
    slice_ = load_film(shared_data / "dicom" / "kcr_anon_apct.dcm", settings)  # explicit big endian
    assert slice_.steps == ("rescale", "voi_window")


def test_bone_is_bright_in_monochrome1(make_dicom, ramp, settings: Settings) -> None:
    film = load_bytes(make_dicom(ramp, PhotometricInterpretation="MONOCHROME1"), "film", settings)
    np.testing.assert_array_equal(film.pixels, ramp.max() - ramp.astype(np.float32))
    assert film.steps == ("monochrome1",)


@pytest.mark.parametrize("name", ["mlut_18.dcm", "vlut_04.dcm", "693_UNCR.dcm", "MR2_UNCR.dcm", "RG3_UNCR.dcm"])
def test_lookup_tables_and_windows_agree_with_pydicom(name: str, pydicom_data: Path, settings: Settings) -> None:
    source = pydicom.dcmread(pydicom_data / name)
    expected = apply_voi_lut(apply_modality_lut(source.pixel_array, source), source).astype(np.float64)
    if source.PhotometricInterpretation == "MONOCHROME1":
        expected = -expected
    found = load_film(pydicom_data / name, settings).pixels.astype(np.float64)
    picture = source.pixel_array != source.get("PixelPaddingValue", -99999)
    # Equal up to the output range, which pydicom takes from the rescaled bits.
    slope, shift = np.polyfit(expected[picture][::97], found[picture][::97], 1)
    np.testing.assert_allclose(found[picture], slope * expected[picture] + shift, atol=1e-3 * np.ptp(found))
    assert slope > 0


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_window_functions_follow_the_standard(function: str, make_dicom, ramp, settings: Settings) -> None:
    window = {"WindowCenter": 1800, "WindowWidth": 1500, "VOILUTFunction": function}
    data = make_dicom(ramp, BitsStored=12, **window)
    expected = apply_voi_lut(ramp, pydicom.dcmread(io.BytesIO(data)))
    film = load_bytes(data, "film", settings)
    np.testing.assert_allclose(film.pixels, expected, atol=0.01)
    assert film.steps == ("voi_window",)


@pytest.mark.parametrize(("centre", "width"), [(1000, 0), (1000, 1), (1000, -5), (1e6, 10), (-1e6, 10)])
def test_window_that_hides_the_picture_is_ignored(
    centre: float, width: float, make_dicom, ramp, settings: Settings
) -> None:
    film = load_bytes(make_dicom(ramp, WindowCenter=centre, WindowWidth=width), "film", settings)
    np.testing.assert_array_equal(film.pixels, ramp)
    assert film.steps == ("voi_window_ignored",)


def test_first_of_several_windows_is_used(make_dicom, ramp, settings: Settings) -> None:
    several = load_bytes(make_dicom(ramp, WindowCenter=[1500, 9], WindowWidth=[2000, 9]), "film", settings)
    one = load_bytes(make_dicom(ramp, WindowCenter=1500, WindowWidth=2000), "film", settings)
    np.testing.assert_array_equal(several.pixels, one.pixels)


@pytest.mark.parametrize(("slope", "intercept", "steps"), [(2, -100, ("rescale",)), (1, 0, ()), (0, 5, ())])
def test_rescale(slope: float, intercept: float, steps: tuple[str, ...], make_dicom, ramp, settings: Settings) -> None:
    film = load_bytes(make_dicom(ramp, RescaleSlope=slope, RescaleIntercept=intercept), "film", settings)
    assert film.steps == steps
    expected = ramp * float(slope) + intercept if steps else ramp  # a slope of 0 would leave nothing
    np.testing.assert_array_equal(film.pixels, expected)


def test_padding_becomes_the_darkest_of_the_picture(make_dicom, ramp, settings: Settings) -> None:
    padded = ramp + np.uint16(100)
    padded[:10] = 4095
    film = load_bytes(make_dicom(padded, PixelPaddingValue=4095), "film", settings)
    assert film.steps == ("pixel_padding",)
    assert (film.pixels[:10] == padded[10:].min()).all()
    np.testing.assert_array_equal(film.pixels[10:], padded[10:])


def test_padding_range_and_wrong_sign(make_dicom, ramp, settings: Settings) -> None:
    signed = ramp.astype(np.int16)
    signed[:4], signed[4:8] = -2000, -1990
    film = load_bytes(make_dicom(signed, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1990), "film", settings)
    assert (film.pixels[:8] == signed[8:].min()).all()


@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"])
def test_spacing_is_read(keyword: str, make_dicom, ramp, settings: Settings) -> None:
    film = load_bytes(make_dicom(ramp, **{keyword: [0.143, 0.15]}), "film", settings)
    assert film.spacing == (0.143, 0.15)


@pytest.mark.parametrize("pair", [[0, 0], [-0.1, 0.1], [900, 900]])
def test_impossible_spacing_is_not_believed(pair: list[float], make_dicom, ramp, settings: Settings) -> None:
    film = load_bytes(make_dicom(ramp, PixelSpacing=pair, ImagerPixelSpacing=[0.2, 0.2]), "film", settings)
    assert film.spacing == (0.2, 0.2)


def test_header_is_kept_without_pixels(make_dicom, ramp, settings: Settings) -> None:
    film = load_bytes(make_dicom(ramp, uid.RLELossless, PatientID="7"), "film", settings)
    assert film.header is not None
    assert film.header.PatientID == "7"
    assert "PixelData" not in film.header
    assert film.header.file_meta.TransferSyntaxUID == uid.RLELossless
    assert "header" not in repr(film)  # it may name the patient


def bare(data: bytes) -> bytes:
    """The dataset alone: no preamble, no mark, no file meta information."""
    start = 132 + 12 + int.from_bytes(data[140:144], "little")
    return data[start:]


@pytest.mark.parametrize("syntax", LOSSLESS[:3], ids=lambda syntax: syntax.keyword)
def test_dataset_without_preamble_is_read(syntax: uid.UID, make_dicom, ramp, settings: Settings) -> None:
    film = load_bytes(bare(make_dicom(ramp, syntax)), "film", settings)
    np.testing.assert_array_equal(film.pixels, ramp)


def test_file_meta_without_preamble_is_read(make_dicom, ramp, settings: Settings) -> None:
    film = load_bytes(make_dicom(ramp, uid.RLELossless)[132:], "film", settings)
    np.testing.assert_array_equal(film.pixels, ramp)


def test_grey_secondary_capture_in_colour_is_a_film(make_dicom, ramp, settings: Settings) -> None:
    grey = (ramp // 16).astype(np.uint8)
    film = load_bytes(make_dicom(np.stack([grey] * 3, axis=-1)), "film", settings)
    np.testing.assert_array_equal(film.pixels, grey)
    assert film.steps == ("colour_to_grey",)


def test_coloured_marks_do_not_make_a_photograph(make_dicom, ramp, settings: Settings) -> None:
    capture = np.stack([(ramp // 16).astype(np.uint8)] * 3, axis=-1)
    capture[5:9, 5:45] = (255, 255, 0)
    capture[30:50, 20] = (0, 255, 0)
    assert load_bytes(make_dicom(capture), "film", settings).shape == (96, 80)
    capture[40:90, 10:60] = (200, 60, 30)
    with pytest.raises(ColourPhotograph):
        load_bytes(make_dicom(capture), "film", settings)


@pytest.mark.parametrize("photometric", ["YBR_FULL", "RGB"])
def test_colour_spaces(photometric: str, make_dicom, ramp, settings: Settings) -> None:
    grey = (ramp // 16).astype(np.uint8)
    neutral = np.full_like(grey, 128)
    planes = [grey, neutral, neutral] if photometric == "YBR_FULL" else [grey] * 3
    film = load_bytes(make_dicom(np.stack(planes, axis=-1), PhotometricInterpretation=photometric), "film", settings)
    np.testing.assert_allclose(film.pixels, grey, atol=1)


def test_real_captures_in_palette_colour_with_marks_are_grey(pydicom_data: Path, settings: Settings) -> None:
    for name in ("OBXXXX1A.dcm", "OBXXXX1A_rle.dcm", "OBXXXX1A_expb.dcm", "gdcm-US-ALOKA-16.dcm"):
        assert load_film(pydicom_data / name, settings).steps == ("colour_to_grey",), name


@pytest.mark.parametrize("name", ["SC_rgb.dcm", "SC_ybr_full_uncompressed.dcm", "OT-PAL-8-face.dcm", "color-pl.dcm",
                                  "US1_J2KR.dcm", "SC_rgb_16bit.dcm"])  # fmt: skip
def test_real_colour_is_refused(name: str, pydicom_data: Path, settings: Settings) -> None:
    with pytest.raises(ColourPhotograph):
        load_film(pydicom_data / name, settings)


def test_float_pixels(make_dicom, ramp, settings: Settings) -> None:
    values = ramp.astype(np.float32) / 7
    values[3, 3] = np.nan
    source = pydicom.dcmread(io.BytesIO(make_dicom(ramp)))
    del source.PixelData
    source.BitsAllocated = 32
    source.BitsStored = 32
    source.FloatPixelData = values.tobytes()
    stream = io.BytesIO()
    source.save_as(stream)
    film = load_bytes(stream.getvalue(), "film", settings)
    assert film.pixels[3, 3] == 0
    assert film.pixels[5, 5] == values[5, 5]


def test_one_bit_picture_is_read(settings: Settings) -> None:
    assert set(np.unique(load_film(packaged("liver_1frame.dcm"), settings).pixels)) == {0.0, 1.0}


def test_overlays_in_the_file_are_left_out(settings: Settings) -> None:
    assert load_film(packaged("examples_overlay.dcm"), settings).shape == (300, 484)


def test_modality_table_in_the_header(make_dicom, ramp, settings: Settings) -> None:
    item = Dataset()
    item.LUTDescriptor = [256, 0, 16]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = [value * 200 for value in range(256)]
    item["LUTData"].VR = "US"
    item.ModalityLUTType = "US"
    pixels = (ramp // 16).astype(np.uint8)
    film = load_bytes(make_dicom(pixels, ModalityLUTSequence=Sequence([item])), "film", settings)
    np.testing.assert_array_equal(film.pixels, pixels.astype(np.float32) * 200)


def test_several_frames_are_refused(pydicom_data: Path, settings: Settings) -> None:
    with pytest.raises(UnsupportedFile) as caught:
        load_film(pydicom_data / "emri_small.dcm", settings)
    assert caught.value.details["reason"] == "image_several_frames"


def test_small_film_is_refused(make_dicom, ramp, settings: Settings) -> None:
    with pytest.raises(TooSmall):
        load_bytes(make_dicom(ramp[:63]), "film", settings)


def test_settings_of_pydicom_are_left_alone(make_dicom, ramp, settings: Settings) -> None:
    before = (pydicom.config.settings.reading_validation_mode, pydicom.config.convert_wrong_length_to_UN)
    load_bytes(make_dicom(ramp), "film", settings)
    assert (pydicom.config.settings.reading_validation_mode, pydicom.config.convert_wrong_length_to_UN) == before
