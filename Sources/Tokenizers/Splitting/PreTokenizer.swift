/// A split rule on its own: text to the words that merging works in.
///
///     let words = try PreTokenizer(named: "gpt-4o").words(in: "camelCase 2025")   // "camel", "Case", " ", "202", "5"
///
/// Tokenizers do this inside; here it can be looked at and tested.
public struct PreTokenizer: Sendable {
    /// Every name that is known, as GGUF's `tokenizer.ggml.pre` has it.
    public static var names: [String] { NamedSplitRule.known }

    private let splitter: TextSplitter
    private let program: SplitProgram?

    /// - Throws: `TokenizerError.unknownPreTokenizer`.
    public init(named name: String) throws(TokenizerError) {
        guard let named = NamedSplitRule(name) else {
            throw .unknownPreTokenizer(name: name, known: NamedSplitRule.known)
        }
        splitter = TextSplitter(named.rule)
        program = SplitProgram(named.rule.patterns)
    }

    /// The words of a text; together they are the text. Cost: linear.
    public func words(in text: String) -> [String] {
        let bytes = Array(text.utf8)
        return Self.words(bytes, splitter.wordEnds(bytes, 0, bytes.count))
    }

    /// The words as the published patterns give them, also where a splitter is written by hand, and the number of
    /// scalars that were looked at for them; nil when the patterns cannot be compiled.
    public func wordsByPattern(in text: String) -> (words: [String], steps: Int)? {
        guard let program else { return nil }
        let bytes = Array(text.utf8)
        var steps = 0
        let ends = program.wordEnds(bytes, 0, bytes.count, steps: &steps)
        return (Self.words(bytes, ends), steps)
    }

    private static func words(_ text: [UInt8], _ ends: [Int]) -> [String] {
        var place = 0
        return ends.map { end in
            defer { place = end }
            return String(decoding: text[place..<end], as: UTF8.self)
        }
    }
}
