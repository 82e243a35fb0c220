/// Keeps control tokens that stand inside messages apart from those that the template writes.
///
/// What somebody writes into a message stays text, in a prompt and in a training row alike. Each is replaced by two scalars of the last private-use plane before the template runs, and put back, as plain
/// text, afterwards. Whoever writes these scalars himself gets at most the plain text of a control token.
public struct ControlTextQuoting: Sendable {
    private static let mark: Unicode.Scalar = "\u{10FFFD}"
    private static let first: UInt32 = 0x10_0000
    /// How many UTF-8 bytes stand in a rendered text for one control text that a message quotes.
    public static let quotedLength = 8
    private let texts: [String]
    /// The places in `texts` of those that begin with a byte, the longest first.
    private let byFirstByte: [UInt8: [Int]]

    /// - Parameter texts: the texts of the control tokens.
    public init(texts: [String]) {
        // Longest first, so that a token that begins with another one is taken whole.
        let sorted = texts.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
        self.texts = sorted
        byFirstByte = Dictionary(grouping: sorted.indices) { sorted[$0].utf8.first ?? 0 }
    }

    /// The value with every string in it quoted, keys excepted.
    public func quoted(_ value: TemplateValue) -> TemplateValue {
        switch value {
        case .string(let text): .string(quoted(text))
        case .list(let items): .list(items.map(quoted))
        case .dict(let entries):
            .dict(TemplateDictionary(entries.entries.map { ($0.key, quoted($0.value)) }))
        default: value
        }
    }

    private func quoted(_ text: String) -> String {
        // Bytes, not characters: a mark that combines with the last sign of a control text would hide it from a search
        // by characters, but not from the tokenizer.
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var copied = 0
        var place = 0
        while place < bytes.count {
            guard let candidates = byFirstByte[bytes[place]],
                let found = candidates.first(where: { bytes[place...].starts(with: texts[$0].utf8) }),
                let code = Unicode.Scalar(Self.first + UInt32(found))
            else {
                place += 1
                continue
            }
            result += bytes[copied..<place]
            result += Array(String(Character(Self.mark)).utf8) + Array(String(Character(code)).utf8)
            place += texts[found].utf8.count
            copied = place
        }
        // Almost no text has any.
        return copied == 0 ? text : String(decoding: result + bytes[copied...], as: UTF8.self)
    }

    /// The rendered text in order: what the template wrote, and quoted control texts.
    public func pieces(of text: String) -> [(text: String, isQuoted: Bool)] {
        guard text.unicodeScalars.contains(Self.mark) else { return [(text, false)] }
        var pieces: [(text: String, isQuoted: Bool)] = []
        var plain = String.UnicodeScalarView()
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            if scalar == Self.mark, let code = scalars.first, code.value >= Self.first,
                texts.indices.contains(Int(code.value - Self.first))
            {
                scalars.removeFirst()
                if !plain.isEmpty { pieces.append((String(plain), false)) }
                plain = .init()
                pieces.append((texts[Int(code.value - Self.first)], true))
            } else {
                plain.append(scalar)
            }
        }
        if !plain.isEmpty { pieces.append((String(plain), false)) }
        return pieces
    }
}
