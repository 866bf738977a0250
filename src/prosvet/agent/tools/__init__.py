"""The agent's tools: each a capability of the table of contents with the arguments that a planner may choose."""

from prosvet.agent.tools.table import TOOLS, available
from prosvet.agent.tools.tool import Arguments, NoArguments, Told, Tool

__all__ = ["TOOLS", "Arguments", "NoArguments", "Told", "Tool", "available"]
