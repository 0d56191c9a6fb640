"""Matrices are multiplied in bfloat16 where the device is made for it; weights, losses and sums stay float32."""

import torch

from guillemet_models.cpus import cpu_flags


def mixed_precision(device: torch.device) -> torch.autocast:
    """Return the context to compute in. On a CPU with the instructions a small encoder reads half as many tokens again."""
    has_bfloat16 = device.type == "cuda" or not cpu_flags().isdisjoint({"avx512_bf16", "amx_bf16"})
    return torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16)
