"""Errors of models: cards, weights, vision-language models, the one in force."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError
from prosvet.core.i18n import Lang, text

__all__ = [
    "CardRefused",
    "DeploymentError",
    "ModelError",
    "ModelHashMismatch",
    "ModelNotFound",
    "SynthesisError",
    "VlmAnswerInvalid",
    "VlmError",
    "VlmRefused",
    "VlmTimeout",
    "VlmUnreachable",
]


class ModelError(ProsvetError):
    """Details: name, reason."""

    code = "model_error"
    exit_code = 5


class ModelNotFound(ModelError):
    """Details: name, known."""

    code = "model_not_found"
    http_status = 404

    def hint(self, lang: Lang) -> str:
        """Those that are known; where there are none of the kind, how one is taken in."""
        return super().hint(lang) if self.details.get("known") else text("errors.model_not_found.none_known", lang)


class ModelHashMismatch(ModelError):
    """Details: name, file, expected, found."""

    code = "model_hash_mismatch"


class CardRefused(ModelError):
    """A model's card that is not taken in. Details: name, reason (under ``card_reasons``), facts."""

    code = "card_refused"
    http_status = 422
    exit_code = 2
    reasons = "card_reasons"


class VlmError(ModelError):
    """A vision-language model gives no answer. Details: name, reason (under ``vlm_reasons``), facts."""

    code = "vlm_error"
    http_status = 502
    reasons = "vlm_reasons"


class VlmUnreachable(VlmError):
    """The server of a model does not answer. Details: name, address, reason."""

    code = "vlm_unreachable"
    http_status = 503


class VlmTimeout(VlmError):
    """Details: name, seconds."""

    code = "vlm_timeout"
    http_status = 504


class VlmAnswerInvalid(VlmError):
    """The answer is not in the form that was asked for. Details: name, reason."""

    code = "vlm_answer_invalid"


class VlmRefused(VlmError):
    """Something that must be allowed expressly. Details: name, reason (under ``vlm_reasons``), word, address."""

    code = "vlm_refused"
    http_status = 403
    exit_code = 2


class DeploymentError(ModelError):
    """What a site reads with cannot be changed or read. Details: reason (under ``deployment_reasons``), facts."""

    code = "deployment_error"
    http_status = 409
    reasons = "deployment_reasons"


class SynthesisError(ProsvetError):
    """A picture that was not made. Details: reason (under ``synthesis_reasons``), and what it names."""

    code = "synthesis_error"
    http_status = 422
    exit_code = 2
    reasons = "synthesis_reasons"
