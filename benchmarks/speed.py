"""Reading a full-size film: cold, each next, memory; the encoder beside a DenseNet-121; ingest; import."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common import figure, finish, latencies, parser
from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.core.context import Context
from prosvet.core.settings import Settings
from prosvet.models.card import load_card, verified_path
from prosvet.reading.api import ReadRequest
from prosvet.reading.api import run as read

_CLI = [sys.executable, "-m", "prosvet"]


def wall(command: list[str], times: int) -> tuple[list[float], float]:
    """Wall seconds of each run after one warm-up, and the peak resident memory of the children, MiB."""
    taken = []
    for number in range(times + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        if number:
            taken.append(time.perf_counter() - start)
    return taken, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def import_seconds(times: int) -> list[float]:
    """Seconds that importing the command line takes, by the interpreter's own count."""
    taken = []
    for _ in range(times):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", "import prosvet.app.cli"],
            check=True,
            capture_output=True,
            text=True,
        )
        last = [line for line in done.stderr.splitlines() if line.rstrip().endswith("prosvet.app.cli")][-1]
        taken.append(int(re.findall(r"\d+", last)[1]) / 1e6)
    return taken


def encoder_against_densenet(threads: int) -> dict[str, float]:
    """Median milliseconds of one 224 px forward pass, turn and turn about in one process, and the ratio."""
    import onnxruntime
    import torch
    from monai.networks.nets import DenseNet121

    torch.set_num_threads(threads)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(verified_path(load_card("compact"), "encoder")), options)
    dense = DenseNet121(spatial_dims=2, in_channels=1, out_channels=18).eval()
    image: NDArray[np.float32] = np.random.default_rng(0).standard_normal((1, 1, 224, 224), dtype=np.float32)
    tensor = torch.from_numpy(image)
    ours, theirs = [], []
    with torch.inference_mode():
        for number in range(40):
            start = time.perf_counter()
            session.run(None, {"image": image})
            middle = time.perf_counter()
            dense(tensor)
            if number >= 5:
                ours.append(middle - start)
                theirs.append(time.perf_counter() - middle)
    ratios = np.array(theirs) / np.array(ours)
    return {
        "encoder_ms": float(np.median(ours) * 1e3),
        "densenet121_ms": float(np.median(theirs) * 1e3),
        "ratio": float(np.median(ratios)),
        "ratio_low": float(np.percentile(ratios, 2.5)),
        "ratio_high": float(np.percentile(ratios, 97.5)),
    }


def make_dicoms(source: Path, folder: Path, count: int) -> None:
    """`count` DICOM films of 2000x2000, 12 bits in 16, each with its own noise and identity, from one real film."""
    import pydicom
    from PIL import Image
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    header = pydicom.dcmread(source)
    base = np.asarray(Image.fromarray(header.pixel_array.astype(np.float32)).resize((2000, 2000)))
    base = (base - base.min()) / (base.max() - base.min()) * 4000
    generator = np.random.default_rng(0)
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = np.clip(base + generator.normal(0, 8, base.shape), 0, 4095).astype(np.uint16)
        header.Rows = header.Columns = 2000
        header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 12, 11, 0
        header.PixelData = pixels.tobytes()
        header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header.PatientID, header.PatientName = f"BENCH{number}", f"Bench^{number}"
        header.StudyInstanceUID, header.SeriesInstanceUID = generate_uid(), generate_uid()
        header.SOPInstanceUID = header.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        for word in ("SmallestImagePixelValue", "LargestImagePixelValue", "WindowCenter", "WindowWidth"):
            if word in header:
                delattr(header, word)
        header.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)


def ingest_rate(paths: Path, count: int, home: Path) -> float:
    """Films a second into a fresh archive, encoding included."""
    with Context(Settings(home=home)) as context:
        start = time.perf_counter()
        done = ingest(IngestRequest(paths=(paths,)), context)
        if done.images != count:
            raise SystemExit(f"{done.images} of {count} films went in: {done.rows[:3]}")
        return count / (time.perf_counter() - start)


def main() -> None:
    """Print the table."""
    arguments = parser(__doc__)
    arguments.add_argument("--film", type=Path, default=Path(".data/pydicom-data/RG1_UNCR.dcm"))
    arguments.add_argument("--jpegs", type=Path, default=None, help="folder of 256 px JPEGs")
    arguments.add_argument("--times", type=int, default=7)
    given = arguments.parse_args()
    film = "RG1, 1955x1841, 15 bits"
    cold, peak = wall([*_CLI, "--json", "read", str(given.film)], given.times)
    with Context(Settings(home=Path("unused"))) as context:
        warm = latencies(lambda _: read(ReadRequest(files=[given.film]), context), 4 * given.times)
    imports = import_seconds(given.times)
    pair = encoder_against_densenet(2)
    figures = [
        figure(
            "read, cold process",
            film,
            float(np.median(cold)),
            len(cold),
            unit="s",
            target=1.5,
            low=min(cold),
            high=max(cold),
        ),
        figure("read, peak memory", film, peak, len(cold), unit="MiB", target=700),
        figure("read, each next film (median)", film, warm["p50_ms"], 4 * given.times, unit="ms", target=150),
        figure("import of the command line", "", float(np.median(imports)), len(imports), unit="s", target=0.4),
        figure(
            "encoder against DenseNet-121 forward pass",
            "224 px, one film",
            pair["ratio"],
            35,
            unit="times",
            target=3.0,
            low=pair["ratio_low"],
            high=pair["ratio_high"],
        ),
    ]
    with tempfile.TemporaryDirectory() as folder:
        if given.jpegs is not None:
            count = len(list(given.jpegs.rglob("*.jpg")))
            rate = ingest_rate(given.jpegs, count, Path(folder) / "a")
            figures.append(figure("ingest of 256 px JPEGs", "", rate, count, unit="films/s", target=60))
        make_dicoms(given.film, Path(folder) / "dicom", 60)
        rate = ingest_rate(Path(folder) / "dicom", 60, Path(folder) / "b")
        figures.append(figure("ingest of 2000x2000 DICOM", "", rate, 60, unit="films/s", target=8))
    finish("speed", given.out, data=given.film.name, n=given.times, pair=pair, figures=figures)


if __name__ == "__main__":
    main()
