/// What SentencePiece does to a text before it is cut into pieces: replacements of the character map, spaces as `▁`,
/// one before the text, and no space at the beginning, at the end or after another.
///
/// The steps and their order are those of SentencePiece's normaliser: a replacement is looked up at each place, the
/// longest wins, and what it gives is not looked at again.
struct SpaceNormalizer: Sendable {
    private let map: CharacterMap?
    private let addsSpacePrefix: Bool
    private let removesExtraSpaces: Bool

    /// `▁`
    private static let space: [UInt8] = [0xE2, 0x96, 0x81]

    init(map: CharacterMap?, addsSpacePrefix: Bool, removesExtraSpaces: Bool) {
        self.map = map
        self.addsSpacePrefix = addsSpacePrefix
        self.removesExtraSpaces = removesExtraSpaces
    }

    /// Puts the normal form of `text[start..<end]`, well-formed UTF-8, into `output`, well-formed UTF-8 as well.
    ///
    /// Cost: linear in the text.
    func normalize(_ text: [UInt8], _ start: Int, _ end: Int, into output: inout [UInt8]) {
        output.removeAll(keepingCapacity: true)
        var place = removesExtraSpaces ? afterSpaces(text, start, end) : start
        if place >= end { return }
        if addsSpacePrefix { output.append(contentsOf: Self.space) }
        var afterSpace = removesExtraSpaces
        while place < end {
            if let match = map?.longestMatch(text, place, end), let map {
                append(map.replacements, match.start, match.end, &afterSpace, to: &output)
                place += match.length
            } else {
                let length = UTF8Scalar.decode(text, place).length
                append(text, place, place + length, &afterSpace, to: &output)
                place += length
            }
        }
        guard removesExtraSpaces else { return }
        while output.count >= 3 && output[output.count - 3] == 0xE2 && output[output.count - 2] == 0x96
            && output[output.count - 1] == 0x81
        {
            output.removeLast(3)
        }
    }

    /// The first place that does not become a single space.
    private func afterSpaces(_ text: [UInt8], _ start: Int, _ end: Int) -> Int {
        var place = start
        while place < end {
            if let match = map?.longestMatch(text, place, end), let map {
                guard match.end - match.start == 1, map.replacements[match.start] == 0x20 else { break }
                place += match.length
            } else {
                guard text[place] == 0x20 else { break }
                place += 1
            }
        }
        return place
    }

    @inline(__always)
    private func append(
        _ source: [UInt8], _ start: Int, _ end: Int, _ afterSpace: inout Bool, to output: inout [UInt8]
    ) {
        var place = start
        if afterSpace { while place < end && source[place] == 0x20 { place += 1 } }
        if place >= end { return }
        while place < end {
            if source[place] == 0x20 { output.append(contentsOf: Self.space) } else { output.append(source[place]) }
            place += 1
        }
        afterSpace = removesExtraSpaces && source[end - 1] == 0x20
    }
}
