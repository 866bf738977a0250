"""SDXL pipelines with LoRA adapters. Needs the extra ``synth``; nothing here imports torch before a picture is made."""
