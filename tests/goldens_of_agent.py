"""Runs as goldens: what must not change without a reason, without what changes from machine to machine.

``python tests/goldens_of_agent.py DATA`` writes them anew from the development data.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from prosvet.agent.api import AgentRequest, AgentResult, run
from prosvet.core.context import Context
from prosvet.core.settings import load_settings

__all__ = ["FOLDER", "TASKS", "plain"]

FOLDER = Path(__file__).parent / "agent" / "golden"
TASKS = {
    "question_ru": ("ru", "Есть ли пневмония и где?"),
    "question_en": ("en", "Is there a pneumothorax? And a mass?"),
    "describe_ru": ("ru", "Опиши снимок, измерь сердце и сравни с предыдущим"),
    "unknown_en": ("en", "How old is the patient?"),
}
_NUMBER = re.compile(r"\d+[.,]\d+")


def plain(result: AgentResult) -> dict[str, Any]:
    """A run without times, and with decimals (which differ in their last digits) left out of the words."""
    steps = [
        {
            "number": one.number, "kind": one.kind, "tool": one.tool, "arguments": one.arguments,
            "result": sorted(one.result) if one.result is not None else None,
            "said": _NUMBER.sub("#", one.said), "failed": one.failed.code if one.failed is not None else None,
        }
        for one in result.trace.steps
    ]  # fmt: skip
    return {
        "answer": _NUMBER.sub("#", result.answer),
        "abstained": result.abstained,
        "confident": result.confidence is not None,
        "reasons": [list(one.steps) for one in result.reasons],
        "wants": [one.model_dump() for one in result.wants],
        "claims": [[one.concept, one.status, one.agrees] for one in result.agreement.claims],
        "problems": list(result.agreement.problems),
        "tools": list(result.trace.tools),
        "stopped": result.trace.stopped,
        "steps": steps,
    }


def main() -> None:
    """Write every golden."""
    film = Path(sys.argv[1]) / "fullsize" / "cxr18995.png"
    FOLDER.mkdir(exist_ok=True)
    with Context(load_settings({}, home=Path("unused"), threads=1)) as context:
        for name, (lang, task) in TASKS.items():
            made = plain(run(AgentRequest(task=task, film=film, lang=lang), context))  # type: ignore[arg-type]
            text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
            (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
