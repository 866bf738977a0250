"""LoRA adapters of SDXL, trained on cleaned reports and their films. Needs the extras ``train`` and ``synth``."""
