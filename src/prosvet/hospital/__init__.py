"""In the hospital: DICOM and DICOMweb in, conformant results out, nothing lost, nobody let in."""
