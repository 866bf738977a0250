"""The colours of the perceptually even scale "inferno", as a polynomial fitted to its published table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["inferno"]

# Red, green and blue for powers 0 to 6 of the value; within 2/255 of the table nearly everywhere.
_POWERS = np.array([
    (0.0002189403691, 0.0016510046310, -0.0194808984371),
    (0.1065134194857, 0.5639564367884, 3.9327123888893),
    (11.6024930824719, -3.9728539656657, -15.9423941062914),
    (-41.7039961313946, 17.4363988820531, 44.3541451987281),
    (77.1629356994275, -33.4023589421009, -81.8073092573899),
    (-71.3194282449921, 32.6260642639771, 73.2095198580320),
    (25.1311262247734, -12.2426689523857, -23.0703250028717),
])  # fmt: skip


def inferno(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Colours (..., 3) of `values` (...) in 0..1; what lies outside takes the colour of the end.

    Examples
    --------
    >>> inferno(np.array([0.0, 1.0])).tolist()
    [[0, 0, 0], [250, 255, 168]]
    """
    powers = np.clip(values, 0, 1)[..., None] ** np.arange(len(_POWERS))
    colours: NDArray[np.uint8] = np.round(255 * np.clip(powers @ _POWERS, 0, 1)).astype(np.uint8)
    return colours
