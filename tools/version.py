#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints orcast's version, which lives in config.hpp alone, for Meson."""

import pathlib
import re

CONFIG = pathlib.Path(__file__).resolve().parents[1] / "include" / "orcast" / "config.hpp"
print(".".join(re.findall(r"^#define ORCAST_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)",
                          CONFIG.read_text(), re.MULTILINE)))
