import Foundation
import Tokenizers

/// The rules of `reference/README-tokenizers.md` written down as plainly as possible, with a regular expression
/// engine and searches for the best pair among all, as a twin to test the fast one against. Without special tokens.
struct NaiveTokenizer {
    private let definition: TokenizerDefinition
    private var ids: [[UInt8]: Int] = [:]
    private var ranks: [[[UInt8]]: Int] = [:]
    private let patterns: [NSRegularExpression]
    private let ignoresMerges: Bool

    /// `\s` in ICU leaves out some white space, so the property is named.
    private static let gpt2 =
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+"
        + "|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+"

    private static func llama3(_ numbers: String) -> String {
        "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" + numbers
            + "| ?[^\\p{White_Space}\\p{L}\\p{N}]+[\\r\\n]*|\\p{White_Space}*[\\r\\n]+"
            + "|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+"
    }

    init(_ definition: TokenizerDefinition) throws {
        self.definition = definition
        let texts: [String]
        switch definition.preTokenizer {
        case "llama-bpe": texts = [Self.llama3("\\p{N}{1,3}")]
        case "qwen2": texts = [Self.llama3("\\p{N}")]
        case "smollm": texts = ["\\p{N}", Self.gpt2]
        case "gpt-2": texts = [Self.gpt2]
        default: texts = ["[\\p{P}\\$\\+<=>\\^~\\|]+", Self.gpt2, "\\p{N}+", "[0-9][0-9][0-9]"]
        }
        patterns = try texts.map { try NSRegularExpression(pattern: $0) }
        ignoresMerges = definition.preTokenizer == "llama-bpe"
        for (id, token) in definition.tokens.enumerated() {
            switch definition.types.isEmpty ? .normal : definition.types[id] {
            case .control, .unknown: break
            case .byte where definition.model == .sentencePiece: break
            default: ids[Array(token.utf8)] = id
            }
        }
        for (rank, line) in definition.merges.enumerated() {
            let pair = line.split(separator: " ", maxSplits: 1).map { Array($0.utf8) }
            if pair.count == 2, ranks[pair] == nil { ranks[pair] = rank }
        }
    }

    func encode(_ text: String) -> [Int] {
        if text.isEmpty { return [] }
        if definition.model == .sentencePiece { return encodeSentencePiece(text) }
        var pieces = [text]
        for pattern in patterns { pieces = pieces.flatMap { cut($0, pattern) } }
        return pieces.flatMap { encodeWord($0) }
    }

    /// The matches and what lies between them.
    private func cut(_ text: String, _ pattern: NSRegularExpression) -> [String] {
        let whole = text as NSString
        var pieces: [String] = []
        var place = 0
        for match in pattern.matches(in: text, range: NSRange(location: 0, length: whole.length)) {
            if match.range.location > place {
                pieces.append(whole.substring(with: NSRange(location: place, length: match.range.location - place)))
            }
            pieces.append(whole.substring(with: match.range))
            place = match.range.location + match.range.length
        }
        if place < whole.length { pieces.append(whole.substring(from: place)) }
        return pieces
    }

    private static let byteTexts: [[UInt8]] = {
        var extra: UInt32 = 0x100
        return (0..<256).map { byte in
            var scalar = UInt32(byte)
            if !((0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE) {
                scalar = extra
                extra += 1
            }
            return Unicode.Scalar(scalar).map { Array(String(Character($0)).utf8) } ?? []
        }
    }()

    private func encodeWord(_ word: String) -> [Int] {
        var symbols = word.utf8.map { Self.byteTexts[Int($0)] }
        if ignoresMerges, let id = ids[Array(symbols.joined())] { return [id] }
        while true {
            var best: (rank: Int, place: Int)?
            for place in symbols.indices.dropLast() {
                if let rank = ranks[[symbols[place], symbols[place + 1]]], rank < best?.rank ?? .max {
                    best = (rank, place)
                }
            }
            guard let best else { break }
            symbols[best.place] += symbols.remove(at: best.place + 1)
        }
        return symbols.flatMap { symbol in
            if let id = ids[symbol] { return [id] }
            let text = String(decoding: symbol, as: UTF8.self)
            return text.unicodeScalars.compactMap { ids[Array(String(Character($0)).utf8)] }
        }
    }

    private func encodeSentencePiece(_ text: String) -> [Int] {
        let spaced = (definition.addSpacePrefix ?? true ? " " : "") + text
        var symbols = spaced.unicodeScalars.map { Array(String(Character($0 == " " ? "\u{2581}" : $0)).utf8) }
        while true {
            var best: (score: Float, place: Int)?
            for place in symbols.indices.dropLast() {
                if let id = ids[symbols[place] + symbols[place + 1]] {
                    let score = definition.scores[id]
                    if best == nil || score > best?.score ?? 0 { best = (score, place) }
                }
            }
            guard let best else { break }
            symbols[best.place] += symbols.remove(at: best.place + 1)
        }
        return symbols.flatMap { symbol in
            if let id = ids[symbol] { return [id] }
            return symbol.compactMap { byte in
                let digits = String(byte, radix: 16, uppercase: true)
                return definition.tokens.firstIndex(of: "<0x\(digits.count < 2 ? "0" : "")\(digits)>")
            }
        }
    }
}
