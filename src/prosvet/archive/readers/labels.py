"""From the words of published tables to concept ids. What is not listed here is kept as text, not guessed at."""

from __future__ import annotations

from prosvet.archive.readers.item import Label
from prosvet.core.types import Side, Status, Zone

__all__ = ["NIH", "PADCHEST", "mesh_labels", "place", "stated"]

NIH = {
    "Atelectasis": "atelectasis", "Cardiomegaly": "cardiomegaly", "Consolidation": "consolidation", "Edema": "edema",
    "Effusion": "pleural_effusion", "Emphysema": "emphysema", "Fibrosis": "fibrosis", "Hernia": "hernia",
    "Infiltration": "infiltration", "Mass": "mass", "Nodule": "nodule", "Pleural_Thickening": "pleural_thickening",
    "Pneumonia": "pneumonia", "Pneumothorax": "pneumothorax",
}  # fmt: skip
"""ChestX-ray14's fourteen labels."""

PADCHEST = {
    "COPD signs": "copd", "cardiomegaly": "cardiomegaly", "aortic elongation": "aortic_elongation",
    "supra aortic elongation": "aortic_elongation", "descendent aortic elongation": "aortic_elongation",
    "ascendent aortic elongation": "aortic_elongation", "aortic button enlargement": "aortic_widening",
    "aortic atheromatosis": "aortic_sclerosis", "aortic aneurysm": "aortic_aneurysm", "pleural effusion":
    "pleural_effusion", "loculated pleural effusion": "pleural_effusion", "loculated fissural effusion":
    "pleural_effusion", "scoliosis": "scoliosis", "kyphosis": "kyphosis", "pneumonia": "pneumonia",
    "atypical pneumonia": "pneumonia", "interstitial pattern": "interstitial_pattern",
    "reticular interstitial pattern": "interstitial_pattern", "reticulonodular interstitial pattern":
    "interstitial_pattern", "bronchovascular markings": "increased_markings", "infiltrates": "infiltration",
    "alveolar pattern": "consolidation", "consolidation": "consolidation", "increased density": "lung_opacity",
    "ground glass pattern": "ground_glass", "costophrenic angle blunting": "sinus_obliteration",
    "hyperinflated lung": "hyperinflation", "hypoexpansion": "low_lung_volumes",
    "hypoexpansion basal": "low_lung_volumes", "laminar atelectasis": "discoid_atelectasis",
    "atelectasis": "atelectasis", "lobar atelectasis": "atelectasis", "segmental atelectasis": "atelectasis",
    "atelectasis basal": "atelectasis", "total atelectasis": "atelectasis", "round atelectasis": "atelectasis",
    "volume loss": "atelectasis", "vertebral degenerative changes": "degenerative_spine", "nodule": "nodule",
    "multiple nodules": "nodule", "pulmonary mass": "mass", "mass": "mass", "mediastinal mass": "mediastinal_mass",
    "lung metastasis": "lung_metastases", "miliary opacities": "dissemination", "cavitation": "cavity",
    "fibrotic band": "fibrosis", "pulmonary fibrosis": "fibrosis", "tuberculosis": "tuberculosis",
    "tuberculosis sequelae": "old_tuberculosis", "emphysema": "emphysema", "bullas": "bulla", "cyst": "cyst",
    "bronchiectasis": "bronchiectasis", "granuloma": "granuloma", "calcified granuloma": "calcified_granuloma",
    "calcified densities": "calcification", "calcified adenopathy": "calcified_lymph_nodes",
    "calcified mediastinal adenopathy": "calcified_lymph_nodes", "adenopathy": "lymphadenopathy",
    "apical pleural thickening": "pleural_thickening", "pleural thickening": "pleural_thickening",
    "calcified pleural thickening": "pleural_thickening", "fissure thickening": "pleural_thickening",
    "minor fissure thickening": "pleural_thickening", "major fissure thickening": "pleural_thickening",
    "pleural plaques": "pleural_plaque", "calcified pleural plaques": "pleural_plaque", "empyema": "empyema",
    "pneumothorax": "pneumothorax", "hydropneumothorax": "hydropneumothorax", "abscess": "lung_abscess",
    "pulmonary edema": "edema", "kerley lines": "edema", "heart insufficiency": "heart_failure",
    "hilar congestion": "vascular_congestion", "vascular redistribution": "vascular_congestion",
    "central vascular redistribution": "vascular_congestion", "hilar enlargement": "hilar_enlargement",
    "vascular hilar enlargement": "hilar_enlargement", "pulmonary artery enlargement": "pulmonary_artery_enlargement",
    "pulmonary hypertension": "pulmonary_hypertension", "pulmonary artery hypertension": "pulmonary_hypertension",
    "pulmonary venous hypertension": "pulmonary_hypertension", "pericardial effusion": "pericardial_effusion",
    "dextrocardia": "dextrocardia", "superior mediastinal enlargement": "widened_mediastinum",
    "mediastinal enlargement": "widened_mediastinum", "mediastinal shift": "mediastinal_shift",
    "pneumomediastinum": "pneumomediastinum", "tracheal shift": "tracheal_deviation", "goiter": "goitre",
    "hiatal hernia": "hernia", "hemidiaphragm elevation": "diaphragm_elevation",
    "diaphragmatic eventration": "diaphragm_eventration", "flattened diaphragm": "diaphragm_flattening",
    "pneumoperitoneo": "pneumoperitoneum", "Chilaiditi sign": "colonic_interposition", "azygos lobe": "azygos_lobe",
    "nipple shadow": "nipple_shadow", "callus rib fracture": "old_fracture", "rib fracture": "fracture",
    "clavicle fracture": "fracture", "humeral fracture": "fracture", "vertebral fracture": "fracture",
    "fracture": "fracture", "vertebral compression": "vertebral_compression",
    "vertebral anterior compression": "vertebral_compression", "sclerotic bone lesion": "bone_lesion",
    "blastic bone lesion": "bone_lesion", "lytic bone lesion": "bone_lesion", "bone metastasis": "bone_lesion",
    "osteopenia": "osteopenia", "osteoporosis": "osteopenia", "cervical rib": "rib_anomaly",
    "non axial articular degenerative changes": "arthrosis", "pectum excavatum": "chest_wall_deformity",
    "pectum carinatum": "chest_wall_deformity", "thoracic cage deformation": "chest_wall_deformity",
    "subcutaneous emphysema": "subcutaneous_emphysema", "NSG tube": "nasogastric_tube",
    "endotracheal tube": "endotracheal_tube", "tracheostomy tube": "tracheostomy", "chest drain tube": "chest_drain",
    "central venous catheter": "central_line", "central venous catheter via jugular vein": "central_line",
    "central venous catheter via subclavian vein": "central_line",
    "central venous catheter via umbilical vein": "central_line",
    "reservoir central venous catheter": "central_line", "pacemaker": "pacemaker", "dai": "pacemaker",
    "single chamber device": "pacemaker", "dual chamber device": "pacemaker", "sternotomy": "sternal_wires",
    "artificial heart valve": "heart_valve", "artificial mitral heart valve": "heart_valve",
    "artificial aortic heart valve": "heart_valve", "suture material": "surgical_clips",
    "osteosynthesis material": "orthopaedic_hardware", "humeral prosthesis": "orthopaedic_hardware",
    "mastectomy": "mastectomy", "mammary prosthesis": "breast_implants", "surgery lung": "postoperative",
    "abnormal foreign body": "foreign_body", "external foreign body": "external_artifact",
    "suboptimal study": "suboptimal_quality",
}  # fmt: skip
"""PadChest's radiographic findings and diagnoses, as its table spells them."""

_MESH = {
    "Airspace Disease": "lung_opacity", "Opacity": "lung_opacity", "Infiltrate": "infiltration",
    "Consolidation": "consolidation", "Pneumonia": "pneumonia", "Pulmonary Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly", "Pleural Effusion": "pleural_effusion", "Pneumothorax": "pneumothorax",
    "Hydropneumothorax": "hydropneumothorax", "Nodule": "nodule", "Mass": "mass", "Granuloma": "granuloma",
    "Calcified Granuloma": "calcified_granuloma", "Granulomatous Disease": "granuloma", "Emphysema": "emphysema",
    "Pulmonary Emphysema": "emphysema", "Subcutaneous Emphysema": "subcutaneous_emphysema",
    "Pulmonary Disease, Chronic Obstructive": "copd", "Pulmonary Fibrosis": "fibrosis",
    "Pulmonary Edema": "edema", "Pulmonary Congestion": "vascular_congestion", "Heart Failure": "heart_failure",
    "Hernia, Hiatal": "hernia", "Scoliosis": "scoliosis", "Kyphosis": "kyphosis", "Fractures, Bone": "fracture",
    "Bronchiectasis": "bronchiectasis", "Tuberculosis": "tuberculosis", "Lung, Hyperlucent": "hyperinflation",
    "Diaphragmatic Eventration": "diaphragm_eventration", "Spondylosis": "degenerative_spine",
    "Atherosclerosis": "aortic_sclerosis", "Catheters, Indwelling": "central_line", "Foreign Bodies": "foreign_body",
    "Lung Diseases, Interstitial": "interstitial_pattern", "Cysts": "cyst", "Blister": "bulla",
    "Bone Diseases, Metabolic": "osteopenia", "Sarcoidosis": "sarcoidosis", "Azygos Lobe": "azygos_lobe",
    "Pneumoperitoneum": "pneumoperitoneum", "Lymph Nodes/calcified": "calcified_lymph_nodes",
    "Technical Quality of Image Unsatisfactory": "suboptimal_quality", "Implanted Medical Device": "support_devices",
    "Medical Device": "support_devices", "Tube, Inserted": "support_devices", "Stents": "stent",
    "Lung/hypoinflation": "low_lung_volumes", "Lung/hyperdistention": "hyperinflation",
    "Calcinosis/lung": "calcification", "Calcinosis/aorta": "aortic_calcification",
    "Thickening/pleura": "pleural_thickening", "Aorta/tortuous": "aortic_elongation",
    "Aorta, Thoracic/tortuous": "aortic_elongation", "Spine/degenerative": "degenerative_spine",
    "Thoracic Vertebrae/degenerative": "degenerative_spine", "Diaphragm/elevated": "diaphragm_elevation",
    "Costophrenic Angle/blunted": "sinus_obliteration", "Markings/lung": "increased_markings",
    "Mediastinum/enlarged": "enlarged_cardiomediastinum", "Cicatrix/lung": "fibrosis",
}  # fmt: skip

_SIDES = {"left": Side.LEFT, "right": Side.RIGHT, "bilateral": Side.BILATERAL}
_ZONES = {
    "apex": Zone.UPPER, "apical": Zone.UPPER, "upper lobe": Zone.UPPER, "upper field": Zone.UPPER,
    "middle lobe": Zone.MIDDLE, "middle field": Zone.MIDDLE, "lingula": Zone.MIDDLE, "hilum": Zone.MIDDLE,
    "base": Zone.LOWER, "basal": Zone.LOWER, "lower lobe": Zone.LOWER, "lower field": Zone.LOWER,
    "diffuse": Zone.DIFFUSE,
}  # fmt: skip


def place(words: list[str]) -> tuple[Side | None, Zone | None]:
    """Side and zone that location words name; None where they name none, or two zones."""
    sides = {side for word, side in _SIDES.items() if any(word in part.split() for part in words)}
    zones = {zone for word, zone in _ZONES.items() if any(word in part for part in words)}
    both = Side.BILATERAL if len(sides) > 1 else next(iter(sides), None)
    return both, next(iter(zones)) if len(zones) == 1 else None


def stated(present: set[str], *, spoken_of: set[str] | None = None) -> tuple[Label, ...]:
    """Labels of a row that names what is `present`, in the order of names.

    Parameters
    ----------
    spoken_of : set of str or None
        Every concept that the source judged: those that are not present are absent. None where the source
        does not say, then only what is present is claimed, and ``normal`` only denies ``abnormal``.
    """
    labels = {concept: Status.PRESENT for concept in present}
    for concept in spoken_of or ():
        labels.setdefault(concept, Status.ABSENT)
    if "normal" in present:
        labels["abnormal"] = Status.ABSENT
    elif present:
        labels.setdefault("abnormal", Status.PRESENT)
        labels.setdefault("normal", Status.ABSENT)
    return tuple(Label(concept, labels[concept]) for concept in sorted(labels))


def mesh_labels(codes: tuple[str, ...]) -> tuple[Label, ...]:
    """Labels that human MeSH codes state, for example ``Pleural Effusion/left/small``.

    ``normal`` alone denies ``abnormal``; other codes say nothing of what they do not name.
    """
    if codes == ("normal",):
        return (Label("abnormal", Status.ABSENT), Label("normal"))
    labels: dict[str, Label] = {}
    for code in codes:
        heading, *rest = (part.strip() for part in code.split("/"))
        concept = next((c for word in rest if (c := _MESH.get(f"{heading}/{word}"))), _MESH.get(heading))
        if concept is not None:
            labels.setdefault(concept, Label(concept, Status.PRESENT, *place(rest)))
    return tuple(labels[concept] for concept in sorted(labels))
