/// Byte-level byte-pair encoding: text is cut into words, each word's bytes are merged by rank.
///
/// Symbols below the vocabulary's size are tokens. Merging also needs symbols that are no token: bytes that the
/// vocabulary lacks, and texts that only a merge rule names. They get numbers from there on; where one is left after
/// merging, those of its bytes that are tokens are written and the others dropped, as llama.cpp does.
struct BytePairModel: Sendable {
    private let splitter: TextSplitter
    private let takesWholeWords: Bool
    private let tokenCount: UInt32
    private let merges: PairTable
    private let words: BytesIndex
    private let byteSymbols: [UInt32]
    /// Tokens of each symbol from `tokenCount` on.
    private let expansions: [[UInt32]]
    /// Merge rules that could not be read.
    let skippedMerges: Int

    /// Builds the tables. Cost: linear in the sizes of vocabulary and merge list.
    init(_ definition: TokenizerDefinition, _ vocabulary: Vocabulary, _ rule: NamedSplitRule) {
        splitter = TextSplitter(rule.rule)
        takesWholeWords = rule.ignoresMerges
        tokenCount = UInt32(vocabulary.count)
        let alphabet = ByteAlphabet.shared
        var symbols = SymbolTable(tokenCount: vocabulary.count, capacity: vocabulary.count + 1024)
        for (id, text) in definition.tokens.enumerated() {
            // A text must not become a control token by merging.
            if text.isEmpty || vocabulary.types[id] == .control || vocabulary.types[id] == .unknown { continue }
            if let bytes = alphabet.bytes(of: text.unicodeScalars) { symbols.index.insert(bytes, symbol: UInt32(id)) }
        }
        byteSymbols = (0..<256).map { symbols.symbol(for: [UInt8($0)]) }
        var merges = PairTable(capacity: definition.merges.count)
        var skipped = 0
        for (rank, line) in definition.merges.enumerated() {
            let text = line.utf8
            guard let first = text.firstIndex(where: { _ in true }),
                let space = text[text.index(after: first)...].firstIndex(of: 0x20),
                let left = alphabet.bytes(of: line.unicodeScalars[..<space]),
                let right = alphabet.bytes(of: line.unicodeScalars[text.index(after: space)...]),
                !left.isEmpty, !right.isEmpty, left.count + right.count <= Vocabulary.maximumTextBytes
            else {
                skipped += 1
                continue
            }
            let merged = symbols.symbol(for: left + right)
            merges.insertIfAbsent(
                symbols.symbol(for: left), symbols.symbol(for: right), UInt64(rank) << 32 | UInt64(merged))
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
        if splitter.rule == .fallback {
            var place = start
            for wordEnd in splitter.fallbackWordEnds(text, start, end) {
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

    /// The string's symbol, a new one when it has none.
    mutating func symbol(for bytes: [UInt8]) -> UInt32 {
        if let known = index.find(bytes, 0, bytes.count) { return known }
        let new = UInt32(tokenCount + extra.count)
        extra.append(bytes)
        index.insert(bytes, symbol: new)
        return new
    }
}
