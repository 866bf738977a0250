"""Write the golden drafts beside this file: ``python tests/language/golden/make.py``. Read them before a commit."""

from __future__ import annotations

import json
from pathlib import Path

from prosvet.core.i18n import LANGS
from prosvet.core.types import Finding, Measurement
from prosvet.language.protocol import render

HERE = Path(__file__).parent
SCORED = [
    "pneumonia",
    "tuberculosis",
    "covid19_pneumonia",
    "consolidation",
    "pleural_effusion",
    "atelectasis",
    "cardiomegaly",
    "mass",
    "nodule",
    "pneumothorax",
    "emphysema",
    "fibrosis",
    "pleural_thickening",
    "edema",
    "hernia",
]
UNREAD = ["fracture", "dissemination", "cavity", "calcification", "widened_mediastinum"]


def _case(
    said: str, ratio: float | None = None, *, rest: bool = True, unread: list[str] = UNREAD, caution: str = ""
) -> dict[str, object]:
    """A film: "concept status probability side zone; ..."; with `rest`, every other scored concept is absent."""
    findings = [_finding(claim.split()) for claim in said.split(";") if claim.strip()]
    named = {finding["concept"] for finding in findings}
    if rest:
        findings += [_finding([c, "absent", "0.03"]) for c in SCORED if c not in named]
    measured = [] if ratio is None else [{"name": "cardiothoracic_ratio", "value": ratio}]
    return {"findings": findings, "measurements": measured, "not_assessed": unread, "caution": caution.split()}


def _finding(words: list[str]) -> dict[str, object]:
    concept, status, *rest = words
    finding: dict[str, object] = {"concept": concept, "status": status}
    for word in rest:
        key = "side" if word in ("left", "right", "bilateral", "midline") else "zone"
        finding |= {"probability": float(word)} if word[0].isdigit() else {key: word}
    return finding


CASES = {
    "normal": _case("abnormal absent 0.04", 0.44),
    "masses": _case("abnormal present 0.97; mass present 0.91 bilateral lower; nodule uncertain 0.4 bilateral", 0.46),
    "effusion": _case(
        "abnormal present 0.9; pleural_effusion present 0.8 right lower; consolidation present 0.7 right lower;"
        "pneumonia present 0.66 right lower; pneumothorax uncertain 0.3 left upper; cardiomegaly present 0.7 midline",
        0.56, caution="inversion_repaired low_contrast",
    ),
    "pneumothorax": _case("abnormal present 0.95; pneumothorax present 0.93 left upper; emphysema present 0.5", 0.41),
    "covid": _case("abnormal present 0.9; pneumonia present 0.9 bilateral lower;"
                   "covid19_pneumonia present 0.8 bilateral lower; edema uncertain 0.4", 0.49),
    "tuberculosis": _case("abnormal present 0.99; tuberculosis present 0.97 right upper; fibrosis uncertain 0.3 left"),
    "unspecified": _case("abnormal present 0.8", 0.52),
    "doubtful": _case("abnormal uncertain 0.5; nodule uncertain 0.3 right middle", 0.5),
    "disagreement": _case("abnormal absent 0.2; pneumothorax present 0.9 left; cardiomegaly absent 0.1", 0.54,
                          rest=False, unread=[]),
    "silent": _case("", rest=False, unread=[]),
    "ratio_alone": _case("", 0.57, rest=False),
    "rarities": _case(
        "diaphragm_elevation present 0.8 right; hilar_enlargement absent; fracture present 0.7 left; scoliosis present;"
        "pacemaker present left; sinus_obliteration present right; widened_mediastinum absent; cardiomegaly absent;"
        "subcutaneous_emphysema present 0.9 left; aortic_calcification present; pleural_adhesions uncertain right",
        0.48, rest=False, unread=["mass"],
    ),
}  # fmt: skip


def drafts(case: dict[str, object]) -> dict[str, object]:
    """The drafts of a case in both languages, and in Russian with another seed."""
    findings = [Finding.model_validate(finding) for finding in case["findings"]]  # type: ignore[attr-defined]
    measured = [Measurement.model_validate(one) for one in case["measurements"]]  # type: ignore[attr-defined]
    rest = {"not_assessed": case["not_assessed"], "caution": case["caution"]}
    made = {lang: render(findings, measured, lang, **rest) for lang in LANGS}  # type: ignore[arg-type]
    made["ru_seed_7"] = render(findings, measured, "ru", seed=7, **rest)  # type: ignore[index, arg-type]
    return {name: report.model_dump(mode="json") for name, report in made.items()}


if __name__ == "__main__":
    for name, case in CASES.items():
        body = {"case": case, "drafts": drafts(case)}
        (HERE / f"{name}.json").write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
