/// How a byte-level BPE vocabulary is trained.
public struct BytePairTrainingSettings: Sendable, Equatable {
    /// How texts are cut into words; merges never go across words. The raw values are GGUF's names
    /// (`tokenizer.ggml.pre`), so that other programs cut as ours does.
    public enum Split: String, Sendable, CaseIterable {
        /// Runs of letters, of numbers, of other characters, each with a space before it; case-sensitive contractions.
        case gpt2 = "gpt-2"
        /// A letter run takes any one character before it; numbers in groups of up to three.
        case llama3 = "llama-bpe"
        /// As Llama 3, each digit alone.
        case qwen2 = "qwen2"

        var rule: SplitRule {
            switch self {
            case .gpt2: .gpt2(digitsAlone: false)
            case .llama3: .llama3(digits: 3)
            case .qwen2: .llama3(digits: 1)
            }
        }
    }

    /// ChatML's special tokens: end of text (also padding), start and end of a turn.
    public static let chatML = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]

    /// The number of tokens wanted: special tokens, 256 bytes, merges. There are fewer when the text has too few pairs.
    public var vocabularySize: Int
    /// How texts are cut into words.
    public var split: Split
    /// Texts of control tokens; they get the ids from 0.
    public var specialTokens: [String]
    /// The special token that ends a text; nil takes `<|endoftext|>` if it is there, otherwise the first.
    public var endOfText: String?
    /// The special token that ends a turn, at which generation stops; nil takes `<|im_end|>` if it is there.
    public var endOfTurn: String?
    /// Pairs that occur less often are not merged.
    public var minimumFrequency: Int
    /// Longer tokens are not made, so that sentences that stand on every page do not become tokens.
    public var maximumTokenBytes: Int
    /// The bound on memory for counted words in bytes; beyond it the rarest are dropped.
    public var maximumWordBytes: Int

    /// Makes settings; what is left out has the values that suit a small Chinese model.
    public init(
        vocabularySize: Int, split: Split = .qwen2, specialTokens: [String] = Self.chatML, endOfText: String? = nil,
        endOfTurn: String? = nil, minimumFrequency: Int = 2, maximumTokenBytes: Int = 64,
        maximumWordBytes: Int = 256 << 20
    ) {
        self.vocabularySize = vocabularySize
        self.split = split
        self.specialTokens = specialTokens
        self.endOfText = endOfText
        self.endOfTurn = endOfTurn
        self.minimumFrequency = minimumFrequency
        self.maximumTokenBytes = maximumTokenBytes
        self.maximumWordBytes = maximumWordBytes
    }

    /// Refuses what cannot be trained.
    func check() throws(BytePairTrainingError) {
        let least = specialTokens.count + 256
        let limit = 1 << 20
        guard (least...max(least, limit)).contains(vocabularySize) else {
            throw .vocabularySize(vocabularySize, least: least, limit: limit)
        }
        guard (2...1024).contains(maximumTokenBytes) else {
            throw .tokenBytes(maximumTokenBytes, least: 2, limit: 1024)
        }
        if minimumFrequency < 1 { throw .minimumFrequency(minimumFrequency) }
        guard (4096...(1 << 30)).contains(maximumWordBytes) else {
            throw .wordBytes(maximumWordBytes, least: 4096, limit: 1 << 30)
        }
        let bytes = Set(ByteAlphabet.characters.map(String.init))
        var seen: Set<String> = []
        for text in specialTokens {
            var reason: String?
            if text.isEmpty { reason = "it has no text" }
            if text.utf8.count > Vocabulary.maximumPieceBytes { reason = "it is too long" }
            if bytes.contains(text) { reason = "a byte is written so" }
            if !seen.insert(text).inserted { reason = "it is given twice" }
            if let reason { throw .specialToken(text: text, reason: reason) }
        }
        for role in [endOfText, endOfTurn] {
            guard let role, !seen.contains(role) else { continue }
            throw .specialToken(text: role, reason: "it is not among the special tokens")
        }
    }
}
