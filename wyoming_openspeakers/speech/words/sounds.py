"""What classes of sounds look like on average, measured on synthetic voices: how loud, what spectrum, how long."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SILENCE = "_"

SECONDS = {
    "A": 0.064,
    "E": 0.050,
    "O": 0.064,
    "S": 0.072,
    "F": 0.041,
    "P": 0.055,
    "B": 0.044,
    "N": 0.053,
    "L": 0.054,
    "H": 0.036,
    "R": 0.051,
}
"""Usual length of a sound; only the proportions matter."""

_MEANS = {
    "_": (-466, -35, 14, -1, 9, 3, -2, 2, 0, 1, 0, 1, 0),
    "A": (-74, 103, -101, -14, -24, -9, 2, 9, 21, 14, 7, 0, -1),
    "E": (-91, 52, 0, 98, 20, -40, -12, -2, -6, -4, 3, -2, -4),
    "O": (-84, 180, -18, -31, -66, -5, 33, -4, -9, 1, 11, 4, 1),
    "S": (-246, -464, 55, -79, 10, 12, -9, -7, 5, 6, -14, 3, 2),
    "F": (-248, -162, -23, -49, 33, 15, 12, -4, 4, 6, -2, 0, -5),
    "P": (-290, -188, -35, -27, -5, -6, -13, -1, -3, 3, -6, 5, 1),
    "B": (-346, -5, 12, 16, 20, 11, 0, 7, 0, 2, -1, 0, 0),
    "N": (-226, 142, 1, 33, 25, 18, 5, 27, -1, -13, 5, -17, 0),
    "L": (-65, 197, 98, -12, -106, -8, 46, -20, -13, 6, -9, 8, -3),
    "H": (-141, -150, -108, -53, -25, 24, 41, 25, 8, 26, 2, -2, -3),
    "R": (-83, 308, -112, -80, 45, 52, -66, -32, 28, -6, -4, 6, 11),
}
_DEVIATIONS = {
    "_": (219, 223, 96, 78, 64, 53, 52, 47, 42, 38, 36, 35, 32),
    "A": (96, 135, 142, 132, 113, 88, 86, 76, 68, 59, 57, 55, 50),
    "E": (140, 149, 137, 150, 102, 84, 83, 75, 75, 64, 58, 53, 48),
    "O": (149, 170, 146, 106, 113, 91, 83, 76, 65, 63, 59, 56, 53),
    "S": (201, 336, 149, 124, 98, 72, 60, 56, 46, 42, 45, 44, 37),
    "F": (183, 270, 122, 98, 76, 62, 64, 58, 50, 44, 47, 43, 40),
    "P": (196, 278, 132, 138, 84, 74, 67, 62, 57, 50, 48, 46, 40),
    "B": (239, 211, 117, 104, 77, 68, 63, 61, 48, 48, 43, 45, 39),
    "N": (250, 161, 111, 87, 82, 71, 67, 70, 59, 55, 51, 56, 49),
    "L": (111, 146, 156, 115, 123, 94, 71, 74, 72, 60, 62, 58, 51),
    "H": (122, 279, 156, 109, 107, 87, 72, 74, 60, 59, 51, 51, 44),
    "R": (138, 181, 122, 129, 90, 93, 101, 83, 75, 63, 53, 49, 46),
}
"""By class, in hundredths: of the level, then of twelve cepstral coefficients; see `spectrum`."""

CLASSES = tuple(_MEANS)


def likelihoods(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """How well each frame, a row, fits each class, a column; logarithmic."""
    columns = []
    for sound in CLASSES:
        mean, deviation = (np.array(table[sound], np.float32) / 100 for table in (_MEANS, _DEVIATIONS))
        distance = (features - mean) / deviation
        columns.append(-0.5 * np.einsum("ij,ij->i", distance, distance) - np.log(deviation).sum())
    return np.stack(columns, axis=1)
