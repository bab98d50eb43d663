"""SPSS files compressed as SPSS does it; pyreadstat leaves a gap after each row."""

from __future__ import annotations

import struct

import numpy as np

from mpsurvey.microdata.spss import read_dictionary

SYSTEM_MISSING = np.uint64(0xFFEFFFFFFFFFFFFF)
SPACES = np.frombuffer(b" " * 8, np.uint64)[0]


def packed(plain: bytes) -> bytes:
    """Compress the rows of a little-endian file that is not compressed."""
    dictionary = read_dictionary(plain)
    words = np.frombuffer(plain, np.uint64, offset=dictionary.data_at)
    numbers = words.view(np.float64)
    text = np.tile(np.array(dictionary.widths) != 0, len(words) // dictionary.elements)
    with np.errstate(invalid="ignore"):
        small = ~text & (numbers > -100) & (numbers < 152) & (numbers == np.floor(numbers))
        codes = np.where(small, numbers + 100, 253).astype(np.uint8)
    codes[~text & (words == SYSTEM_MISSING)] = 255
    codes[text & (words == SPACES)] = 254
    literals = words[codes == 253]
    codes = np.concatenate([codes, [np.uint8(252)], np.zeros(-(len(codes) + 1) % 8, np.uint8)])
    groups = codes.reshape(-1, 8)
    behind = (groups == 253).sum(axis=1)
    at = np.arange(len(groups)) + np.concatenate([[0], np.cumsum(behind)[:-1]])
    stream = np.empty(len(groups) + len(literals), np.uint64)
    is_code = np.zeros(len(stream), bool)
    is_code[at] = True
    stream[is_code] = groups.view(np.uint64).reshape(-1)
    stream[~is_code] = literals
    head = plain[: dictionary.data_at]
    return head[:72] + struct.pack("<i", 1) + head[76:] + stream.tobytes()
