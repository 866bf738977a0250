"""The tools by name, as a literal table; each is imported when it is asked for."""

from __future__ import annotations

from prosvet.agent.case import Case
from prosvet.agent.tools.tool import Tool
from prosvet.core.registry import Registry

__all__ = ["TOOLS", "available"]

TOOLS = Registry(
    "tool",
    {
        "read": "prosvet.agent.tools.reading:READ",
        "measure": "prosvet.agent.tools.reading:MEASURE",
        "segment": "prosvet.agent.tools.reading:SEGMENT",
        "ask": "prosvet.agent.tools.reading:ASK",
        "ask_reader": "prosvet.agent.tools.reading:ASK_READER",
        "compare_prior": "prosvet.agent.tools.reading:COMPARE_PRIOR",
        "search_similar": "prosvet.agent.tools.searching:SEARCH_SIMILAR",
        "search_text": "prosvet.agent.tools.searching:SEARCH_TEXT",
        "check_report": "prosvet.agent.tools.checking:CHECK",
        "evaluate": "prosvet.agent.tools.checking:EVALUATE",
    },
)


def available(case: Case) -> dict[str, Tool]:
    """The tools that `case` has what they need for, in the order of the table."""
    every: dict[str, Tool] = {name: TOOLS[name] for name in TOOLS}
    return {name: tool for name, tool in every.items() if tool.fits(case)}
