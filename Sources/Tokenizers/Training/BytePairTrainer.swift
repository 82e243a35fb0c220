/// Trains a byte-level BPE vocabulary on texts.
///
///     var trainer = try BytePairTrainer(.init(vocabularySize: 6400))
///     for text in texts { trainer.add(text) }
///     let trained = try trainer.train()
///     let tokenizer = try Tokenizer(trained.definition)
///
/// Texts are cut into words by the split rule, the distinct words are counted, and the most frequent pair of
/// neighbouring tokens within words is merged until the vocabulary has its size. Of equally frequent pairs the one with
/// the lower ids goes first, so the same texts in any order give the same vocabulary (as long as no words had to be
/// dropped). Ids: special tokens, the 256 bytes in the order of the characters they are written by, merges. Hugging
/// Face's `BpeTrainer` gives the same merges for the same words.
///
/// Memory: while words are counted at most `maximumWordBytes`; while merges are learned about eight times the bytes of
/// the distinct words. Cost: linear in the text for counting; learning visits each place of a pair once.
public struct BytePairTrainer: Sendable {
    /// What the trainer was made with.
    public let settings: BytePairTrainingSettings
    /// Bytes of text so far.
    public private(set) var textBytes = 0
    /// Words so far, each occurrence counted.
    public private(set) var wordOccurrences = 0

    private var counts: WordCounts
    private let splitter: TextSplitter
    private let specialTexts: SpecialTokenMatcher

    /// Checks settings and begins with no text.
    ///
    /// - Throws: `BytePairTrainingError` for sizes that cannot be and special tokens that cannot be told apart.
    public init(_ settings: BytePairTrainingSettings) throws(BytePairTrainingError) {
        try settings.check()
        self.settings = settings
        counts = WordCounts(limit: settings.maximumWordBytes)
        splitter = TextSplitter(settings.split.rule)
        let types = [TokenType](repeating: .control, count: settings.specialTokens.count)
        specialTexts = SpecialTokenMatcher(settings.specialTokens, types)
    }

    /// Counts the words of one text.
    ///
    /// A text should be a document or end at the end of a line, since no word goes across two texts. Texts of special
    /// tokens in it are left out: they are tokens already.
    public mutating func add(_ text: String) {
        let bytes = Array(text.utf8)
        textBytes += bytes.count
        var place = 0
        for match in specialTexts.candidates(in: bytes, parseSpecial: true) where match.start >= place {
            count(bytes, place, match.start)
            place = match.end
        }
        count(bytes, place, bytes.count)
    }

    private mutating func count(_ text: [UInt8], _ start: Int, _ end: Int) {
        var place = start
        while place < end {
            let wordEnd = splitter.wordEnd(text, place, end)
            counts.add(text, place, wordEnd)
            wordOccurrences += 1
            place = wordEnd
        }
    }

    /// Learns the merges and makes the vocabulary; the counted words are used up.
    ///
    /// - Parameter progress: Called after each merge with the number of tokens so far and the number wanted.
    /// - Throws: `BytePairTrainingError.noText`.
    public consuming func train(
        progress: (_ tokens: Int, _ wanted: Int) -> Void = { _, _ in }
    ) throws(BytePairTrainingError) -> TrainedBytePairVocabulary {
        if counts.words.isEmpty { throw .noText }
        let settings = settings
        let statistics = TrainedBytePairVocabulary.Statistics(
            textBytes: textBytes, wordOccurrences: wordOccurrences, distinctWords: counts.words.count,
            droppedOccurrences: counts.droppedOccurrences)
        let characters = ByteAlphabet.characters
        let firstByte = settings.specialTokens.count
        // Bytes in the order of their characters, as Hugging Face numbers them.
        var byteSymbols = [Int32](repeating: 0, count: 256)
        let order = (0..<256).sorted { characters[$0] < characters[$1] }
        for (rank, byte) in order.enumerated() { byteSymbols[byte] = Int32(firstByte + rank) }
        var learner = MergeLearner(
            counts, firstByte: firstByte, byteSymbols: byteSymbols, minimumFrequency: settings.minimumFrequency)
        let reserved = Set(settings.specialTokens.map { Array($0.utf8) })
        let wanted = settings.vocabularySize
        let longest = settings.maximumTokenBytes
        learner.learn(
            until: wanted, isWanted: { text in text.count <= longest && !reserved.contains(text) },
            progress: { count in progress(count, wanted) })
        return TrainedBytePairVocabulary(settings: settings, learner: learner, statistics: statistics)
    }
}
