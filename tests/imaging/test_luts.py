from __future__ import annotations

import numpy as np
import pytest

from prosvet.imaging.luts import LookupTable, Window, apply_window, flip, look_up, shows_something


def test_table_holds_its_ends_beyond_them() -> None:
    table = LookupTable(-1, np.array([5, 6, 7], dtype=np.float32))
    np.testing.assert_array_equal(look_up(np.array([[-9, -1, 0, 1, 9]], dtype=np.int16), table), [[5, 5, 6, 7, 7]])
    np.testing.assert_array_equal(look_up(np.array([[-0.6, 0.4]], dtype=np.float32), table), [[5, 6]])


def test_linear_window_has_the_standards_edges() -> None:
    """PS3.3 C.11.2.1.2.1, its example of centre 2048 and width 4096."""
    pixels = np.array([[0.0, 2047.5, 4095.0, 9000.0]], dtype=np.float32)
    np.testing.assert_allclose(apply_window(pixels, Window(2048, 4096), 255.0), [[0, 127.5, 255, 255]])


def test_sigmoid_is_half_at_its_centre_and_never_overflows() -> None:
    pixels = np.array([[-1e9, 40.0, 1e9]], dtype=np.float32)
    found = apply_window(pixels, Window(40, 1e-6, "sigmoid"), 2.0)
    np.testing.assert_allclose(found, [[0, 1, 2]], atol=1e-6)


@pytest.mark.parametrize(("window", "valid"), [(Window(0, 1), False), (Window(0, 1, "linear_exact"), True),
                                               (Window(float("nan"), 9), False), (Window(0, float("inf")), False),
                                               (Window(5, 2), True)])  # fmt: skip
def test_validity(window: Window, valid: bool) -> None:
    assert window.valid is valid


def test_flip_twice_is_the_picture_again() -> None:
    pixels = np.arange(12, dtype=np.float32).reshape(3, 4) - 5
    np.testing.assert_array_equal(flip(flip(pixels)), pixels)
    assert not shows_something(np.full((80, 80), 7, dtype=np.float32))
