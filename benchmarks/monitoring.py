"""How soon monitoring notices a change, and how often it is wrong: simulated streams of real studies.

``python benchmarks/monitoring.py FILMS PADCHEST [--years 5] [--repeats 100] [--other PYTHON]``

FILMS is what ``monitoring_films.py`` wrote, PADCHEST the table of PadChest's 160,000 rows of DICOM tags. ``--other`` is
a Python that has Evidently (0.7): the same windows then go to its data-drift preset too.

The rules are the defaults; the window of 100 added studies and the rank test were chosen after a look at doubled
prevalence. Films of `test` are not in the pool. A study is PadChest's first row of a StudyID, or a film. An
unchanged year is 365 x 100 studies in random order, with a reference drawn from the same pool: a false alarm is a check
with an alarm whose check before it had none. A shift begins after 200 unchanged studies; its delay is the number of
studies from there to the end of the check that raises the first alarm.
"""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from common import figure, file_hash, finish, parser
from prosvet.monitoring.compare import Comparer, Verdicts
from prosvet.monitoring.multiple import level_of
from prosvet.monitoring.rules import Rules
from prosvet.monitoring.sample import Sample

RULES = Rules(days=0)  # the simulated studies have no times of their own
STEP, BEFORE, AFTER = RULES.step, 200, 400
YEAR = int(365 * RULES.studies_a_day)
BUDGETS = (0.1, 1.0, 12.0, 52.0, 365.0)  # false alarms a year that are asked for
REFERENCE = {"films": 400, "tags": 1000}
NORMAL_SHARE, RARER = 0.6, 0.75


@dataclass(frozen=True)
class Trace:
    """A stream that was checked: after each check, the least q of a large enough effect, and the least raw p."""

    ends: NDArray[np.int64]
    least_q: NDArray[np.float64]
    least_p: NDArray[np.float64]
    named: tuple[str, ...]

    def alarms(self, budget: float) -> NDArray[np.bool_]:
        """Checks that raise an alarm when so many false ones a year are allowed."""
        level = level_of(STEP, false_alarms_a_year=budget, studies_a_day=RULES.studies_a_day)
        return self.least_q <= level


def traced(comparer: Comparer, stream: Sample) -> Trace:
    """Check after every ``STEP`` studies of `stream`."""
    ends, least_q, least_p, named = [], [], [], []
    longest = max(RULES.windows) * 2
    for end in range(STEP, len(stream) + 1, STEP):
        found = comparer.check(stream.take(slice(max(0, end - longest), end)), STEP)
        ends.append(end)
        least_q.append(_least(found))
        least_p.append(min((one.shift.p for one in found.outcomes), default=1.0))
        named.append(" ".join(dict.fromkeys(one.variable for one in found.alarming)))
    return Trace(np.array(ends), np.array(least_q), np.array(least_p), tuple(named))


def _least(found: Verdicts) -> float:
    large = [one.q for one in found.outcomes if one.shift.effect >= RULES.least(one.shift.measure)]
    return min(large, default=1.0)


def episodes(alarming: NDArray[np.bool_]) -> int:
    """Alarms whose check before had none."""
    return int((alarming & ~np.r_[False, alarming[:-1]]).sum())


def delay(trace: Trace, alarming: NDArray[np.bool_], onset: int) -> float:
    """Studies from `onset` to the first alarm after it; infinite without one."""
    after = alarming & (trace.ends > onset)
    return float(trace.ends[np.argmax(after)] - onset) if after.any() else float("inf")


# ---------------------------------------------------------------- samples


def joined(*parts: Sample) -> Sample:
    """Samples one after another; a variable that one lacks is missing there."""
    numbers = {name for part in parts for name in part.numbers}
    words = {name for part in parts for name in part.categories}
    none = [np.full(len(part), None, dtype=object) for part in parts]
    return Sample(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.at for part in parts]),
        {n: np.concatenate([p.numbers.get(n, np.full(len(p), np.nan)) for p in parts]) for n in sorted(numbers)},
        {n: np.concatenate([p.categories.get(n, e) for p, e in zip(parts, none, strict=True)]) for n in sorted(words)},
        None if parts[0].vectors is None else np.concatenate([p.vectors for p in parts if p.vectors is not None]),
    )


def drawn(pool: Sample, n: int, rng: np.random.Generator) -> Sample:
    """`n` studies of `pool` in random order; gone through again where it is smaller."""
    rows = np.concatenate([rng.permutation(len(pool)) for _ in range(-(-n // len(pool)))])[:n]
    return pool.take(rows)


@dataclass(frozen=True)
class Films:
    """Films by group, and of NIH's whether each is normal."""

    groups: dict[str, Sample]
    normal: NDArray[np.bool_]


def read_films(path: Path) -> Films:
    kept = np.load(path)
    facts = [json.loads(one) for one in kept["facts"]]
    start = [datetime(2026, 1, 1)] * len(facts)
    whole = Sample.of(list(kept["ids"]), start, facts, list(kept["vectors"]))
    group = kept["group"]
    parts = {str(name): whole.take(np.flatnonzero(group == name)) for name in np.unique(group)}
    return Films(parts, kept["normal"][group == "nih"])


def home_split(
    films: Films, rng: np.random.Generator, normal_share: float = NORMAL_SHARE
) -> tuple[Sample, Sample, Sample]:
    """(reference, the rest at the same prevalence, more abnormal films): every other film of a random order."""
    nih = films.groups["nih"]
    normal, abnormal = (rng.permutation(np.flatnonzero(films.normal == kind)) for kind in (True, False))
    size = int(len(normal) / normal_share)
    mixed = rng.permutation(np.concatenate([normal, abnormal[: size - len(normal)]]))
    cut = REFERENCE["films"]
    return nih.take(mixed[:cut]), nih.take(mixed[cut:]), nih.take(abnormal[size - len(normal) :])


def film_shifts(films: Films, rest: Sample, more: Sample, rng: np.random.Generator) -> dict[str, Sample]:
    """The five named shifts, ``AFTER`` studies each."""
    return {
        "inversion": drawn(films.groups["negatives"], AFTER, rng),
        "lateral_views": drawn(films.groups["lateral"], AFTER, rng),
        "another_hospital": drawn(films.groups["other_hospital"], AFTER, rng),
        "another_hospital_jsrt": drawn(films.groups["other_hospital_jsrt"], AFTER, rng),
        "children": drawn(films.groups["children"], AFTER, rng),
        "doubled_prevalence": doubled(rest, more, NORMAL_SHARE, rng),
    }


def doubled(rest: Sample, more: Sample, normal_share: float, rng: np.random.Generator) -> Sample:
    """``AFTER`` studies of which twice as many are abnormal as in `rest`."""
    share = round(AFTER * (1 - 2 * (1 - normal_share)) / normal_share)
    return drawn(joined(drawn(rest, share, rng), drawn(more, AFTER - share, rng)), AFTER, rng)


def read_tags(path: Path) -> tuple[Sample, NDArray[np.str_]]:
    """PadChest's studies in the order of their dates, and each one's unit (maker and modality)."""
    seen: set[str] = set()
    rows: list[tuple[str, dict[str, Any]]] = []
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["StudyID"] not in seen and row["StudyDate_DICOM"] >= "2009":
                seen.add(row["StudyID"])
                rows.append((row["StudyDate_DICOM"], _tags(row)))
    rows.sort(key=lambda one: one[0])
    days = [datetime.strptime(day, "%Y%m%d") for day, _ in rows]
    facts = [one for _, one in rows]
    unit = np.array([f"{one['device']} {one['modality']}" for one in facts])
    return Sample.of([str(n) for n in range(len(rows))], days, facts), unit


def _tags(row: dict[str, str]) -> dict[str, Any]:
    def number(name: str) -> float | None:
        return None if row[name] in ("None", "", "nan") else float(row[name])

    born = number("PatientBirth")
    return {
        "device": row["Manufacturer_DICOM"], "modality": row["Modality_DICOM"], "bits": row["BitsStored_DICOM"],
        "photometric": row["PhotometricInterpretation_DICOM"], "exposure": number("Exposure_DICOM"),
        "exposure_time": number("ExposureTime"), "spacing": number("SpatialResolution_DICOM"),
        "megapixels": int(row["Rows_DICOM"]) * int(row["Columns_DICOM"]) / 1e6, "view_stated": row["Projection"],
        "sex": row["PatientSex_DICOM"], "age": None if born is None else float(row["StudyDate_DICOM"][:4]) - born,
    }  # fmt: skip


# ---------------------------------------------------------------- figures


def unchanged_years(kind: str, years: int, source: Any, seed: int) -> list[Trace]:
    """Traces of years in which nothing changes."""
    made = []
    for year in range(years):
        rng = np.random.default_rng([seed, year])
        if kind == "films":
            reference, pool, _ = home_split(source, rng)
        else:
            order = rng.permutation(len(source))
            reference, pool = source.take(order[: REFERENCE[kind]]), source.take(order[REFERENCE[kind] :])
        made.append(traced(Comparer(reference, RULES, seed=year), drawn(pool, YEAR, rng)))
    return made


def false_alarm_rows(kind: str, traces: list[Trace]) -> Iterator[dict[str, Any]]:
    """Alarms a simulated year, with the exact Poisson interval, for each budget; and those of uncorrected tests."""
    n = len(traces)
    for budget in BUDGETS:
        yield _rate(f"false_alarms_a_year.{kind}", sum(episodes(t.alarms(budget)) for t in traces), n, budget=budget)
    for alpha in (0.05, 0.001):
        count = sum(episodes(t.least_p <= alpha) for t in traces)
        yield _rate(f"false_alarms_a_year.{kind}.uncorrected", count, n, alpha=alpha)


def _rate(metric: str, count: int, years: int, **more: Any) -> dict[str, Any]:
    low = stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = stats.chi2.ppf(0.975, 2 * count + 2) / 2
    row = figure(
        metric, "simulated years", count / years, years, low=round(low / years, 3), high=round(high / years, 3)
    )
    return row | {"count": count} | more


def delay_rows(name: str, traces: list[Trace], onset: int) -> Iterator[dict[str, Any]]:
    """Share caught within 200 studies (Wilson's interval) and the quantiles of the delay, for each budget."""
    for budget in BUDGETS:
        clean = [t for t in traces if not t.alarms(budget)[t.ends <= onset].any()]
        late = np.array([delay(t, t.alarms(budget), onset) for t in clean])
        caught = int((late <= 200).sum())
        interval = stats.binomtest(caught, len(late)).proportion_ci(method="wilson")
        middle, most = (float(one) for one in np.quantile(late, [0.5, 0.95], method="higher"))
        yield figure(
            "caught_within_200", name, caught / len(late), len(late), low=round(interval.low, 4),
            high=round(interval.high, 4), budget=budget, delay_median=_finite(middle), delay_95=_finite(most),
            false_before=len(traces) - len(clean), named=_commonest(clean, budget, onset),
        )  # fmt: skip


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _commonest(traces: list[Trace], budget: float, onset: int) -> list[str]:
    """What the first alarms named, the commonest first; at the default budget only."""
    if budget != RULES.false_alarms_a_year:
        return []
    counts: dict[str, int] = {}
    for trace in traces:
        alarming = trace.alarms(budget) & (trace.ends > onset)
        for word in trace.named[int(np.argmax(alarming))].split() if alarming.any() else ():
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts, key=lambda word: -counts[word])[:4]


def film_rows(films: Films, years: int, repeats: int, other: Path | None) -> Iterator[dict[str, Any]]:
    yield from false_alarm_rows("films", unchanged_years("films", years, films, 1))
    traces: dict[str, list[Trace]] = {}
    streams: list[tuple[str, Sample, Sample]] = []
    for repeat in range(repeats):
        rng = np.random.default_rng([2, repeat])
        reference, rest, more = home_split(films, rng)
        comparer, before = Comparer(reference, RULES, seed=repeat), drawn(rest, BEFORE, rng)
        for name, after in film_shifts(films, rest, more, rng).items():
            stream = joined(before, after)
            traces.setdefault(name, []).append(traced(comparer, stream))
            if repeat < 10:
                streams.append((name, reference, stream))
        reference, rest, more = home_split(films, rng, RARER)
        stream = joined(drawn(rest, BEFORE, rng), doubled(rest, more, RARER, rng))
        rarer = traced(Comparer(reference, RULES, seed=repeat), stream)
        traces.setdefault("doubled_prevalence_from_25", []).append(rarer)
    for name, found in traces.items():
        yield from delay_rows(name, found, BEFORE)
    if other is not None:
        for repeat in range(10):
            rng = np.random.default_rng([3, repeat])
            reference, rest, _ = home_split(films, rng)
            streams.append(("unchanged", reference, drawn(rest, 10 * BEFORE, rng)))
        yield from other_rows(other, streams)


def tag_rows(path: Path, years: int, repeats: int) -> Iterator[dict[str, Any]]:
    whole, unit = read_tags(path)
    steady = np.flatnonzero((whole.at >= np.datetime64("2010-01-01")) & (whole.at < np.datetime64("2011-01-01")))
    yield from false_alarm_rows("tags", unchanged_years("tags", years, whole.take(steady), 4))
    new_unit = np.char.endswith(unit, " DX")
    first = int(np.argmax(new_unit))
    yield from real_order("new_device.real_order", whole, first, new_unit)
    old = np.flatnonzero(~new_unit & (whole.at >= np.datetime64("2015-07-01")) & (np.arange(len(unit)) < first))
    month = np.flatnonzero((np.arange(len(unit)) >= first) & (whole.at < np.datetime64("2016-03-01")))
    yield from resampled("new_device", whole.take(old), whole.take(month), repeats)
    changed = np.flatnonzero(whole.at >= np.datetime64("2015-06-01"))[0]
    yield from real_order("protocol_change.real_order", whole, int(changed), None)
    before = np.flatnonzero((whole.at >= np.datetime64("2015-01-01")) & (whole.at < np.datetime64("2015-06-01")))
    after = np.flatnonzero((whole.at >= np.datetime64("2015-07-01")) & (whole.at < np.datetime64("2015-11-01")))
    yield from resampled("protocol_change", whole.take(before), whole.take(after), repeats)
    yield quiet_year(whole)


def real_order(name: str, whole: Sample, onset: int, marked: NDArray[np.bool_] | None) -> Iterator[dict[str, Any]]:
    """As it happened: the reference is the thousand studies before the two hundred before the onset."""
    start = onset - BEFORE
    reference = whole.take(slice(start - REFERENCE["tags"], start))
    trace = traced(Comparer(reference, RULES), whole.take(slice(start, onset + 2000)))
    alarming = trace.alarms(RULES.false_alarms_a_year)
    late = delay(trace, alarming, BEFORE)
    end = onset + int(late) if np.isfinite(late) else onset
    yield figure(
        "delay", name, late, 1, named=_commonest([trace], RULES.false_alarms_a_year, BEFORE),
        alarms_before=episodes(alarming[trace.ends <= BEFORE]),
        of_the_new_device=None if marked is None else int(marked[onset:end].sum()),
    )  # fmt: skip


def resampled(name: str, old: Sample, new: Sample, repeats: int) -> Iterator[dict[str, Any]]:
    """The same change with studies drawn in random order from before and after it."""
    traces = []
    for repeat in range(repeats):
        rng = np.random.default_rng([5, repeat])
        order = rng.permutation(len(old))
        reference, rest = old.take(order[: REFERENCE["tags"]]), old.take(order[REFERENCE["tags"] :])
        stream = joined(drawn(rest, BEFORE, rng), drawn(new, AFTER, rng))
        traces.append(traced(Comparer(reference, RULES, seed=repeat), stream))
    yield from delay_rows(name, traces, BEFORE)


def quiet_year(whole: Sample) -> dict[str, Any]:
    """Alarms of a real year in its real order, where days, patients and habits do change."""
    start = int(np.flatnonzero(whole.at >= np.datetime64("2010-01-01"))[0])
    end = int(np.flatnonzero(whole.at >= np.datetime64("2011-01-01"))[0])
    reference = whole.take(slice(start - REFERENCE["tags"], start))
    trace = traced(Comparer(reference, RULES), whole.take(slice(start, end)))
    alarming = trace.alarms(RULES.false_alarms_a_year)
    counts: dict[str, int] = {}
    for words in trace.named:
        for word in words.split():
            counts[word] = counts.get(word, 0) + 1
    return figure(
        "alarms_in_real_order", "2010, one reference", episodes(alarming), end - start, checks=len(trace.ends),
        named=dict(sorted(counts.items(), key=lambda one: -one[1])[:6]),
    )  # fmt: skip


# ---------------------------------------------------------------- another tool


def other_rows(python: Path, streams: list[tuple[str, Sample, Sample]]) -> Iterator[dict[str, Any]]:
    """Evidently's data-drift preset, with its defaults, on windows of 200 of the same streams, every 50 studies."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, (name, reference, stream) in enumerate(streams):
            for part, sample in (("reference", reference), ("stream", stream)):
                _write(Path(folder) / f"{number}.{part}.csv", sample)
            names.append(name)
        script = Path(__file__).with_name("monitoring_evidently.py")
        done = subprocess.run([python, script, folder, "200", "50"], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    for rule in ("any_column", "half_of_columns"):
        yield from _other_rule(rule, names, found["streams"], found["version"])


def _other_rule(
    rule: str, names: list[str], found: list[list[dict[str, Any]]], version: str
) -> Iterator[dict[str, Any]]:
    tool = {"tool": f"evidently {version}", "rule": rule}
    for name in dict.fromkeys(names):
        own = [one for label, one in zip(names, found, strict=True) if label == name]
        if name == "unchanged":
            flags = [np.array([bool(window[rule]) for window in stream]) for stream in own]
            studies = sum(50 * len(stream) for stream in own)
            count = sum(episodes(one) for one in flags)
            yield _rate("false_alarms_a_year.films", count, 1, studies=studies) | {
                "value": round(count * YEAR / studies, 2), "low": None, "high": None, "n": round(studies / YEAR, 3),
            } | tool  # fmt: skip
            continue
        late = [
            min((w["end"] - BEFORE for w in stream if w["end"] > BEFORE and w[rule]), default=np.inf) for stream in own
        ]
        caught = sum(one <= 200 for one in late)
        yield figure("caught_within_200", name, caught / len(late), len(late),
                     delay_median=_finite(float(np.quantile(late, 0.5, method="higher")))) | tool  # fmt: skip


def _write(path: Path, sample: Sample) -> None:
    columns: dict[str, NDArray[Any]] = {**sample.numbers, **sample.categories}
    columns = {
        name: column for name, column in columns.items() if any(one == one and one is not None for one in column)
    }
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(["" if one is None or one != one else one for one in row])


def main() -> None:
    made = parser(__doc__)
    made.add_argument("films", type=Path)
    made.add_argument("padchest", type=Path)
    made.add_argument("--years", type=int, default=5)
    made.add_argument("--repeats", type=int, default=100)
    made.add_argument("--other", type=Path, default=None)
    made.add_argument("--part", choices=("films", "tags", "both"), default="both")
    given = made.parse_args()
    start, rows = time.perf_counter(), []
    if given.part != "tags":
        rows += list(film_rows(read_films(given.films), given.years, given.repeats, given.other))
    if given.part != "films":
        rows += list(tag_rows(given.padchest, given.years, given.repeats))
    finish(
        "monitoring", given.out, rules=RULES.model_dump(), studies_a_day=RULES.studies_a_day, rows=rows,
        data={"films": file_hash(given.films), "padchest": file_hash(given.padchest)},
        minutes=round((time.perf_counter() - start) / 60, 1),
    )  # fmt: skip


if __name__ == "__main__":
    main()
