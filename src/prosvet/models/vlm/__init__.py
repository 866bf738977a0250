"""One door to vision-language models: any of them by its card, the same question and the same answer.

>>> from prosvet.models.vlm import Question
>>> Question("Describe the film.").max_tokens
512
"""

from prosvet.models.vlm.door import open_reader, readers
from prosvet.models.vlm.types import Answer, Cancelled, Finish, Form, Picture, Question, Reader, Turn

__all__ = ["Answer", "Cancelled", "Finish", "Form", "Picture", "Question", "Reader", "Turn", "open_reader", "readers"]
