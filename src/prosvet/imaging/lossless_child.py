"""Run as a program: JPEG lossless frame on standard input, samples on standard output. See ``lossless.py``.

Arguments: transfer syntax, columns, rows, samples, bits allocated, bits stored, 1 when signed. It imports nothing
of the package, so that it starts quickly.
"""

from __future__ import annotations

import resource
import sys

__all__ = ["main"]

_MOST_MEMORY = 3 << 29  # bytes


def main() -> None:
    """Decode, or die."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import gdcm  # type: ignore[import-untyped]

    syntax = sys.argv[1]
    columns, rows, samples, allocated, stored, signed = map(int, sys.argv[2:])
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(sys.stdin.buffer.read())
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((columns, rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.RGB if samples > 1 else gdcm.PhotometricInterpretation.MONOCHROME2
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    image.SetPixelFormat(gdcm.PixelFormat(samples, allocated, stored, stored - 1, signed))
    sys.stdout.buffer.write(image.GetBuffer().encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    main()
