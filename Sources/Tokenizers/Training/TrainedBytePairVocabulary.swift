/// A trained vocabulary and what it was trained on.
public struct TrainedBytePairVocabulary: Sendable {
    /// What was read.
    public struct Statistics: Sendable, Equatable {
        /// Bytes of text.
        public var textBytes: Int
        /// Words, each occurrence counted.
        public var wordOccurrences: Int
        /// Distinct words that merges were learned from.
        public var distinctWords: Int
        /// Occurrences of words that were dropped to keep the bound on memory.
        public var droppedOccurrences: Int
    }

    /// For `Tokenizer`, GGUF files and `huggingFaceFiles()`.
    public let definition: TokenizerDefinition
    /// What was read.
    public let statistics: Statistics

    /// A chat template in ChatML: each message between a start with its role and an end.
    static let chatMLTemplate =
        "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
        + "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"

    init(settings: BytePairTrainingSettings, learner: MergeLearner, statistics: Statistics) {
        let characters = ByteAlphabet.characters
        func written(_ bytes: [UInt8]) -> String {
            var text = String.UnicodeScalarView()
            for byte in bytes { text.append(characters[Int(byte)]) }
            return String(text)
        }
        let special = settings.specialTokens
        let learned = learner.texts[special.count...].map(written)
        let merges = learner.merges.map { pair in
            written(learner.texts[Int(pair.left)]) + " " + written(learner.texts[Int(pair.right)])
        }
        let endOfText = settings.endOfText.flatMap(special.firstIndex) ?? special.firstIndex(of: "<|endoftext|>")
        let endOfTurn = settings.endOfTurn.flatMap(special.firstIndex) ?? special.firstIndex(of: "<|im_end|>")
        let last = endOfText ?? (special.isEmpty ? nil : 0)
        let ends = [endOfTurn, last].compactMap { $0 }
        let isChatML = BytePairTrainingSettings.chatML.allSatisfy(special.contains)
        definition = TokenizerDefinition(
            model: .bytePairEncoding, tokens: special + learned,
            types: special.map { _ in .control } + learned.map { _ in .normal }, merges: merges,
            preTokenizer: settings.split.rawValue, bosID: last, eosID: endOfTurn ?? last, eotID: endOfTurn,
            paddingID: last, endOfGenerationIDs: ends, addBOS: false, addEOS: false,
            chatTemplate: isChatML ? Self.chatMLTemplate : nil)
        self.statistics = statistics
    }
}
