import FoundationEssentials

extension CharacterMapData {
    /// The map as SentencePiece has it: the u32 size of a table, the table (a double array of u32 units), strings.
    ///
    /// What `scripts/make-character-map.py` did, backwards. Cost: a few milliseconds.
    /// - Throws: `DeflateError` if the data in the program were damaged.
    static func bytes() throws(DeflateError) -> [UInt8] {
        guard let packed = Data(base64Encoded: base64) else { throw .badBlock(offset: 0) }
        let plain = try DeflateReader.bytes(Array(packed), limit: count)
        guard plain.count == count, count > 4 else { throw .endsEarly(length: plain.count) }
        let size = (0..<4).reduce(0) { $0 | Int(plain[$1]) << (8 * $1) }
        guard size % 4 == 0, size <= count - 4 else { throw .badBlock(offset: 0) }
        var map = Array(plain[..<4])
        map.reserveCapacity(count)
        for unit in 0..<size / 4 {
            for plane in 0..<4 { map.append(plain[4 + plane * (size / 4) + unit]) }
        }
        return map + plain[(4 + size)...]
    }
}
