extension Tokenizer {
    /// Turns text into token ids.
    ///
    /// - Parameters:
    ///   - text: Any text.
    ///   - addSpecial: Adds what the model adds at the beginning and the end (BOS, EOS).
    ///   - parseSpecial: Texts of control tokens in `text` become these tokens. Never for text that a user wrote:
    ///     without it they are plain characters. Texts of user-defined tokens become tokens in any case.
    ///
    /// Cost: linear in the text, n log n in the length of its longest word.
    public func encode(_ text: String, addSpecial: Bool, parseSpecial: Bool) -> [Int] {
        let bytes = Array(text.utf8)
        var ids: [Int] = []
        ids.reserveCapacity(bytes.count / 3 + 2)
        if addSpecial && addsBOS, let bosID { ids.append(bosID) }
        withScratch { scratch in
            var place = 0
            // A match that begins before `place` lies in text that is used up.
            for match in matcher.candidates(in: bytes, parseSpecial: parseSpecial) where match.start >= place {
                var end = match.start
                if leftStripping.contains(match.id) {
                    while end > place && Self.isASCIISpace(bytes[end - 1]) { end -= 1 }
                }
                encodePlain(bytes, place, end, &scratch, into: &ids)
                ids.append(match.id)
                place = match.end
                if rightStripping.contains(match.id) {
                    while place < bytes.count && Self.isASCIISpace(bytes[place]) { place += 1 }
                }
            }
            encodePlain(bytes, place, bytes.count, &scratch, into: &ids)
        }
        if addSpecial && addsEOS, let eosID { ids.append(eosID) }
        return ids
    }

    /// Encodes a part of a text without special tokens.
    private func encodePlain(
        _ text: [UInt8], _ start: Int, _ end: Int, _ scratch: inout EncodingScratch, into ids: inout [Int]
    ) {
        if start >= end { return }
        if definition.normalization == .canonicalComposition,
            let composed = CanonicalComposition.composed(text, start, end)
        {
            encodeNormalized(composed, 0, composed.count, &scratch, into: &ids)
        } else {
            encodeNormalized(text, start, end, &scratch, into: &ids)
        }
    }

    private func encodeNormalized(
        _ text: [UInt8], _ start: Int, _ end: Int, _ scratch: inout EncodingScratch, into ids: inout [Int]
    ) {
        switch algorithm {
        case .bytePair(let model): model.encode(text, start, end, &scratch, into: &ids)
        case .sentencePiece(let model):
            model.encode(text, start, end, spacePrefix: addsSpacePrefix, &scratch, into: &ids)
        case .unigram(let model): model.encode(text, start, end, &scratch, into: &ids)
        case .wordPiece(let model): model.encode(text, start, end, &scratch, into: &ids)
        }
    }

    private static func isASCIISpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}
