"""The elements of a DICOM header that enter the archive: what is not listed here does not.

Numbers and defined terms of the image, its geometry, its grey scale, its exposure and its equipment's make, plus
what the profile replaces (identifiers, dates) or retains (sex, age). No free text, no names of people, places or
stations.
"""

from __future__ import annotations

__all__ = ["KEPT"]

_REPLACED = """
    SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID MediaStorageSOPInstanceUID
    PatientID PatientName PatientBirthDate AccessionNumber StudyID
    StudyDate StudyTime SeriesDate SeriesTime AcquisitionDate AcquisitionTime ContentDate ContentTime
"""

_PERSON = "PatientSex PatientAge"

_OBJECT = """
    SpecificCharacterSet ImageType SOPClassUID Modality ConversionType PresentationIntentType
    SeriesNumber AcquisitionNumber InstanceNumber NumberOfFrames FrameIncrementPointer
    BodyPartExamined ViewPosition PatientOrientation PatientPosition Laterality ImageLaterality
    AnatomicRegionSequence ViewCodeSequence ViewModifierCodeSequence
    CodeValue LongCodeValue CodingSchemeDesignator CodingSchemeVersion CodeMeaning
    BurnedInAnnotation RecognizableVisualFeatures LossyImageCompression LossyImageCompressionRatio
    LossyImageCompressionMethod
"""

_EQUIPMENT = """
    Manufacturer ManufacturerModelName KVP ExposureTime ExposureTimeInuS XRayTubeCurrent XRayTubeCurrentInuA
    Exposure ExposureInuAs RelativeXRayExposure ExposureIndex TargetExposureIndex DeviationIndex Sensitivity
    ImageAndFluoroscopyAreaDoseProduct DistanceSourceToDetector DistanceSourceToPatient FocalSpots Grid
    FilterMaterial FilterThicknessMinimum FilterThicknessMaximum DetectorType DetectorConfiguration
    FieldOfViewShape FieldOfViewDimensions FieldOfViewOrigin FieldOfViewRotation FieldOfViewHorizontalFlip
    CollimatorShape CollimatorLeftVerticalEdge CollimatorRightVerticalEdge CollimatorUpperHorizontalEdge
    CollimatorLowerHorizontalEdge ShutterShape ShutterLeftVerticalEdge ShutterRightVerticalEdge
    ShutterUpperHorizontalEdge ShutterLowerHorizontalEdge CenterOfCircularShutter RadiusOfCircularShutter
"""

_PIXELS = """
    SamplesPerPixel PhotometricInterpretation PlanarConfiguration Rows Columns PixelAspectRatio BitsAllocated
    BitsStored HighBit PixelRepresentation SmallestImagePixelValue LargestImagePixelValue PixelPaddingValue
    PixelPaddingRangeLimit PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing PixelSpacingCalibrationType
    DetectorElementSpacing DetectorElementPhysicalSize SpatialResolution PixelIntensityRelationship
    PixelIntensityRelationshipSign RescaleIntercept RescaleSlope RescaleType WindowCenter WindowWidth
    VOILUTFunction ModalityLUTSequence VOILUTSequence LUTDescriptor LUTData ModalityLUTType PresentationLUTShape
    RedPaletteColorLookupTableDescriptor GreenPaletteColorLookupTableDescriptor
    BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData GreenPaletteColorLookupTableData
    BluePaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData
    SegmentedGreenPaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData PixelData
"""

KEPT = frozenset(" ".join((_REPLACED, _PERSON, _OBJECT, _EQUIPMENT, _PIXELS)).split())
"""Keywords of the DICOM dictionary."""
