#!/usr/bin/env python3
"""Packs SentencePiece's character map "nmt_nfkc" into a Swift file: make-character-map.py nmt_nfkc.charsmap.gz > FILE

The map is the u32 size of a table of u32 units, the units, then strings. The units are stored in four planes (all
first bytes, all second bytes, …), which compresses by a quarter better, then DEFLATE, then base64. What comes out is
Sources/ModelFormats/Packed/CharacterMapData.swift; CharacterMapData+Unpacking.swift takes it apart again.
"""
import base64
import gzip
import struct
import sys
import zlib

HEAD = """// swift-format-ignore-file
// Made by scripts/make-character-map.py. Data of SentencePiece (Apache-2.0): see NOTICE.

/// SentencePiece's character map "nmt_nfkc", packed; `CharacterMapData.bytes` is the map.
struct CharacterMapData {
    /// Bytes of the map.
    static let count = %d
    static let base64 = "%s"
}
"""


def main():
    with gzip.open(sys.argv[1]) as f:
        table = f.read()
    (size,) = struct.unpack_from("<I", table)
    units, strings = table[4 : 4 + size], table[4 + size :]
    planes = b"".join(units[i::4] for i in range(4))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(table[:4] + planes + strings) + packer.flush()
    sys.stdout.write(HEAD % (len(table), base64.b64encode(packed).decode()))


main()
