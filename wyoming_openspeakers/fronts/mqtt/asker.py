"""Whoever sent a command, and how they are answered."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import SpeechError
from .command_types import Id
from .connection import Connection
from .topics import Topics

_LOGGER = logging.getLogger(__name__)

_LONGEST_ERROR = 500
