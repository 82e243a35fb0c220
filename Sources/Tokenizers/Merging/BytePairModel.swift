/// Byte-level byte-pair encoding: text is cut into words, each word's bytes are merged by rank.
///
/// Symbols below the vocabulary's size are tokens. Merging also needs symbols that are no token: bytes that the
/// vocabulary lacks, and texts that only a merge rule names. They get numbers from there on; where one is left after
/// merging, those of its bytes that are tokens are written and the others dropped, as llama.cpp does.
struct BytePairModel: Sendable {
    private let splitter: TextSplitter
    /// Whether a word that is a token as a whole is taken without merging.
    let takesWholeWords: Bool
    private let tokenCount: UInt32
    private let merges: PairTable
    private let words: BytesIndex
    private let byteSymbols: [UInt32]
    /// Tokens of each symbol from `tokenCount` on.
    private let expansions: [[UInt32]]
    /// Merge rules that could not be read.
    let skippedMerges: Int

    /// How text is cut into words.
    var rule: SplitRule { splitter.rule }

    /// Builds the tables. Cost: linear in the sizes of vocabulary and merge list.
    init(_ definition: TokenizerDefinition, _ vocabulary: Vocabulary, _ rule: NamedSplitRule) {
        splitter = TextSplitter(rule.rule)
        takesWholeWords = rule.ignoresMerges
        tokenCount = UInt32(vocabulary.count)
        let alphabet = ByteAlphabet.shared
        var symbols = SymbolTable(tokenCount: vocabulary.count, capacity: vocabulary.count + 1024)
        var text: [UInt8] = []
        var bytes: [UInt8] = []
        for (id, token) in definition.tokens.enumerated() {
            // A text must not become a control token by merging.
            if token.isEmpty || vocabulary.types[id] == .control || vocabulary.types[id] == .unknown { continue }
            text.removeAll(keepingCapacity: true)
            text.append(contentsOf: token.utf8)
            bytes.removeAll(keepingCapacity: true)
            if alphabet.decode(text, 0, text.count, into: &bytes) {
                symbols.index.insert(bytes, 0, bytes.count, symbol: UInt32(id))
            }
        }
        byteSymbols = (0..<256).map { symbols.symbol(for: [UInt8($0)], 0, 1) }
        var merges = PairTable(capacity: definition.merges.count)
        var skipped = 0
        for (rank, line) in definition.merges.enumerated() {
            text.removeAll(keepingCapacity: true)
            text.append(contentsOf: line.utf8)
            bytes.removeAll(keepingCapacity: true)
            // The first space at or after position 1 divides; the left text may begin with one.
            guard let space = text.dropFirst().firstIndex(of: 0x20),
                alphabet.decode(text, 0, space, into: &bytes)
            else {
                skipped += 1
                continue
            }
            let cut = bytes.count
            guard alphabet.decode(text, space + 1, text.count, into: &bytes), bytes.count > cut,
                bytes.count <= Vocabulary.maximumTextBytes
            else {
                skipped += 1
                continue
            }
            let left = symbols.symbol(for: bytes, 0, cut)
            let right = symbols.symbol(for: bytes, cut, bytes.count)
            let merged = symbols.symbol(for: bytes, 0, bytes.count)
            merges.insertIfAbsent(left, right, UInt64(rank) << 32 | UInt64(merged))
        }
        self.merges = merges
        words = symbols.index
        skippedMerges = skipped
        let single = byteSymbols
        let limit = tokenCount
        expansions = symbols.extra.map { bytes in bytes.map { single[Int($0)] }.filter { $0 < limit } }
    }

    /// Appends the ids of `text[start..<end]`, well-formed UTF-8.
    func encode(_ text: [UInt8], _ start: Int, _ end: Int, _ scratch: inout EncodingScratch, into ids: inout [Int]) {
        if !splitter.cutsWordByWord {
            var place = start
            for wordEnd in splitter.wordEnds(text, start, end) {
                encodeWord(text, place, wordEnd, &scratch, into: &ids)
                place = wordEnd
            }
            return
        }
        var place = start
        while place < end {
            let wordEnd = splitter.wordEnd(text, place, end)
            encodeWord(text, place, wordEnd, &scratch, into: &ids)
            place = wordEnd
        }
    }

    @inline(__always)
    private func encodeWord(
        _ text: [UInt8], _ start: Int, _ end: Int, _ scratch: inout EncodingScratch, into ids: inout [Int]
    ) {
        if end - start > WordCache.longestWord {
            mergeWord(text, start, end, &scratch.merge, into: &ids)
            return
        }
        let key = WordCache.key(text, start, end)
        if scratch.cache.find(key, appendingTo: &ids) { return }
        let before = ids.count
        mergeWord(text, start, end, &scratch.merge, into: &ids)
        scratch.cache.remember(key, ids, from: before)
    }

    private func mergeWord(
        _ text: [UInt8], _ start: Int, _ end: Int, _ merge: inout MergeScratch, into ids: inout [Int]
    ) {
        if takesWholeWords, let symbol = words.find(text, start, end), symbol < tokenCount {
            ids.append(Int(symbol))
            return
        }
        merge.symbols.removeAll(keepingCapacity: true)
        for index in start..<end { merge.symbols.append(byteSymbols[Int(text[index])]) }
        merge.merge(merges)
        for symbol in merge.symbols {
            if symbol < tokenCount {
                ids.append(Int(symbol))
            } else {
                for token in expansions[Int(symbol - tokenCount)] { ids.append(Int(token)) }
            }
        }
    }
}

/// Gives numbers to byte strings: tokens keep their ids, other strings get the numbers after them.
struct SymbolTable {
    var index: BytesIndex
    private(set) var extra: [[UInt8]] = []
    private let tokenCount: Int

    init(tokenCount: Int, capacity: Int) {
        self.tokenCount = tokenCount
        index = BytesIndex(capacity: capacity)
    }

    /// The symbol of `bytes[start..<end]`, a new one when it has none.
    mutating func symbol(for bytes: [UInt8], _ start: Int, _ end: Int) -> UInt32 {
        if let known = index.find(bytes, start, end) { return known }
        let new = UInt32(tokenCount + extra.count)
        extra.append(Array(bytes[start..<end]))
        index.insert(bytes, start, end, symbol: new)
        return new
    }
}
