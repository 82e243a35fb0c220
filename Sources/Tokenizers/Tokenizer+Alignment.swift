/// A token and the bytes of the text that it stands for.
public struct AlignedToken: Sendable, Equatable {
    /// The token.
    public let id: Int
    /// Its bytes in the UTF-8 of the text that was encoded. Empty for what encoding added (BOS, EOS, a space before
    /// the text). Where normalisation changed a part of the text, the whole changed part.
    public let bytes: Range<Int>

    /// A token with its bytes.
    public init(id: Int, bytes: Range<Int>) {
        (self.id, self.bytes) = (id, bytes)
    }
}

extension Tokenizer {
    /// The ids of `encode` with the same arguments, each with the bytes that it stands for.
    ///
    /// Ranges do not decrease and lie inside the text. A byte may lie in no range: white space beside a control token
    /// that swallows it. Loss masks are made of this: a token is trained when all of its bytes are.
    ///
    /// Cost: that of `encode`, plus one pass.
    public func encodeAligned(_ text: String, addSpecial: Bool, parseSpecial: Bool) -> [AlignedToken] {
        let ids = encode(text, addSpecial: addSpecial, parseSpecial: parseSpecial)
        let bytes = Array(text.utf8)
        var cursor = AlignmentCursor(normalized(bytes), textCount: bytes.count)
        let hasBOS = addSpecial && addsBOS && bosID != nil
        let hasEOS = addSpecial && addsEOS && eosID != nil
        return ids.enumerated().map { index, id in
            if (hasBOS && index == 0) || (hasEOS && index == ids.count - 1) {
                return AlignedToken(id: id, bytes: cursor.emptyRange)
            }
            guard let token = try? shownBytes(of: id, skipControl: false) else {
                return AlignedToken(id: id, bytes: cursor.emptyRange)
            }
            return AlignedToken(id: id, bytes: cursor.take(token))
        }
    }

    /// The text as the vocabulary sees it, in parts that normalisation treats on their own.
    private func normalized(_ text: [UInt8]) -> [AlignmentCursor.Part] {
        guard definition.normalization == .canonicalComposition else { return [.init(start: 0, bytes: text[...])] }
        var parts: [AlignmentCursor.Part] = []
        var start = 0
        while start < text.count {
            // Nothing composes with an ASCII character that follows it, so each may begin a part: the last before other
            // characters does, and the first after them.
            var end = start + 1
            while end < text.count, !Self.beginsPart(text, end) { end += 1 }
            if let composed = CanonicalComposition.composed(text, start, end),
                !composed.elementsEqual(text[start..<end])
            {
                parts.append(.init(start: start, end: end, changed: composed))
            } else {
                parts.append(.init(start: start, bytes: text[start..<end]))
            }
            start = end
        }
        return parts
    }

    private static func beginsPart(_ text: [UInt8], _ place: Int) -> Bool {
        guard text[place] < 0x80 else { return false }
        return text[place - 1] >= 0x80 || (place + 1 < text.count && text[place + 1] >= 0x80)
    }
}

/// Walks through a text along its tokens.
private struct AlignmentCursor {
    /// Bytes that tokens are compared with, and where they stand in the text.
    struct Part {
        let start: Int
        let end: Int
        let bytes: ArraySlice<UInt8>
        /// Whether normalisation changed the bytes, so that only the ends of the part are places in the text.
        let isChanged: Bool

        init(start: Int, bytes: ArraySlice<UInt8>) {
            (self.start, end, self.bytes, isChanged) = (start, start + bytes.count, bytes, false)
        }

        init(start: Int, end: Int, changed: [UInt8]) {
            (self.start, self.end, bytes, isChanged) = (start, end, changed[...], true)
        }
    }

    private let parts: [Part]
    private let stream: [UInt8]
    /// Where each part begins in `stream`.
    private let starts: [Int]
    private let textCount: Int
    private var place = 0
    private var part = 0

    init(_ parts: [Part], textCount: Int) {
        self.parts = parts
        self.textCount = textCount
        var stream: [UInt8] = []
        var starts: [Int] = []
        for part in parts {
            starts.append(stream.count)
            stream += part.bytes
        }
        (self.stream, self.starts) = (stream, starts)
    }

    var emptyRange: Range<Int> {
        var copy = self
        let start = copy.textPlace(place, isEnd: false)
        return start..<start
    }

    /// The range of the next token. White space that is in the text but in no token is passed over; a space before a
    /// word that is in the token but not in the text is left out; other bytes that are not in the text (an unknown
    /// token's text) stand for nothing.
    mutating func take(_ token: ArraySlice<UInt8>) -> Range<Int> {
        var token = token
        var from = place
        if !matches(token, at: from) {
            var skipped = from
            while skipped < stream.count, Self.isSpace(stream[skipped]), !matches(token, at: skipped) { skipped += 1 }
            if matches(token, at: skipped) {
                from = skipped
            } else if token.first == 0x20, matches(token.dropFirst(), at: from) {
                token = token.dropFirst()
            } else {
                return emptyRange
            }
        }
        place = from + token.count
        let start = textPlace(from, isEnd: false)
        let end = textPlace(place, isEnd: true)
        return start..<max(start, end)
    }

    private func matches(_ token: ArraySlice<UInt8>, at start: Int) -> Bool {
        start + token.count <= stream.count && stream[start..<(start + token.count)].elementsEqual(token)
    }

    private mutating func textPlace(_ streamPlace: Int, isEnd: Bool) -> Int {
        guard !parts.isEmpty else { return 0 }
        func begins(_ index: Int) -> Int { starts[index] }
        while part + 1 < parts.count, begins(part + 1) <= streamPlace { part += 1 }
        var index = part
        while index > 0, begins(index) > streamPlace || (isEnd && begins(index) == streamPlace) { index -= 1 }
        let found = parts[index]
        let inside = streamPlace - begins(index)
        if inside >= found.bytes.count { return min(found.end, textCount) }
        if !found.isChanged { return found.start + inside }
        return isEnd && inside > 0 ? found.end : found.start
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
