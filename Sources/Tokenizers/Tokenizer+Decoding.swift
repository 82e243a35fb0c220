extension Tokenizer {
    /// Turns token ids into text.
    ///
    /// Bytes that are no UTF-8 become U+FFFD, one for each maximal ill-formed part. A space that encoding puts before
    /// a text is removed.
    ///
    /// - Parameters:
    ///   - ids: Token ids.
    ///   - skipControl: Leaves out control and unknown tokens; otherwise they are shown as their text.
    /// - Throws: `TokenizerError.idOutsideVocabulary`.
    public func decode(_ ids: [Int], skipControl: Bool = false) throws(TokenizerError) -> String {
        var bytes: [UInt8] = []
        for id in ids { bytes.append(contentsOf: try shownBytes(of: id, skipControl: skipControl)) }
        if addsSpacePrefix && bytes.first == 0x20 { return String(decoding: bytes.dropFirst(), as: UTF8.self) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes of a token as they stand in a text; they need not be whole characters.
    ///
    /// - Throws: `TokenizerError.idOutsideVocabulary`.
    public func bytes(of id: Int) throws(TokenizerError) -> [UInt8] {
        Array(try shownBytes(of: id, skipControl: false))
    }

    /// The bytes of a token, none for a control or unknown one that is skipped.
    func shownBytes(of id: Int, skipControl: Bool) throws(TokenizerError) -> ArraySlice<UInt8> {
        guard id >= 0, id < vocabulary.count else {
            throw .idOutsideVocabulary(id: id, count: vocabulary.count)
        }
        let type = vocabulary.types[id]
        if skipControl && (type == .control || type == .unknown) { return [] }
        return vocabulary.bytes(of: id)
    }
}
