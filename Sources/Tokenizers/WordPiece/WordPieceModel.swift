/// WordPiece as BERT has it: text is cut into words, each word into the longest pieces from the left.
///
/// Pieces are written as in GGUF: one that begins a word with `▁` in front, one that continues a word without a mark.
/// A word that the pieces do not cover, or of more than 100 code points, is one unknown token.
struct WordPieceModel: Sendable {
    private let trie: PieceTrie
    private let unknownID: Int?
    private let normalizer: WordNormalizer

    /// Longer words are unknown, in code points, as in the models' training.
    private static let longestWord = 100
    private static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    /// Builds the tables. Cost: n log n in the number of pieces, linear in their bytes.
    init(_ definition: TokenizerDefinition, _ vocabulary: Vocabulary, unknownID: Int?) {
        let pieces = (0..<vocabulary.count).filter {
            vocabulary.types[$0] == .normal && !definition.tokens[$0].isEmpty
        }
        trie = PieceTrie(definition.tokens, pieces)
        self.unknownID = unknownID
        let lowercases = definition.lowercases ?? true
        normalizer = WordNormalizer(lowercases: lowercases, stripsAccents: definition.stripsAccents ?? lowercases)
    }

    /// Appends the ids of `text[start..<end]`, well-formed UTF-8.
    ///
    /// Cost: linear in the text; at each place the pieces that begin there are looked at.
    func encode(_ text: [UInt8], _ start: Int, _ end: Int, _ scratch: inout EncodingScratch, into ids: inout [Int]) {
        let prepared = normalizer.prepared(text, start, end)
        let classes = ScalarClasses.shared
        var word = Self.mark
        var count = 0
        var place = 0
        while place < prepared.count {
            let (scalar, length) = UTF8Scalar.decode(prepared, place)
            let isSpace = classes[scalar] == ScalarClasses.space
            let isSign = WordNormalizer.isPunctuation(scalar, classes)
            if (isSpace || isSign) && count > 0 {
                encodeWord(&word, count, &scratch, into: &ids)
                count = 0
            }
            if !isSpace {
                count += normalizer.append(scalar, prepared, place, length, to: &word)
                if isSign {
                    encodeWord(&word, count, &scratch, into: &ids)
                    count = 0
                }
            }
            place += length
        }
        if count > 0 { encodeWord(&word, count, &scratch, into: &ids) }
    }

    /// Appends the ids of a word with the mark before it and leaves only the mark.
    private func encodeWord(
        _ word: inout [UInt8], _ count: Int, _ scratch: inout EncodingScratch, into ids: inout [Int]
    ) {
        defer { word.removeLast(word.count - Self.mark.count) }
        if count > Self.longestWord {
            if let unknownID { ids.append(unknownID) }
            return
        }
        if word.count > WordCache.longestWord {
            cut(word, into: &ids)
            return
        }
        let key = WordCache.key(word, 0, word.count)
        if scratch.cache.find(key, appendingTo: &ids) { return }
        let before = ids.count
        cut(word, into: &ids)
        scratch.cache.remember(key, ids, from: before)
    }

    private func cut(_ word: [UInt8], into ids: inout [Int]) {
        let before = ids.count
        var place = 0
        while place < word.count {
            var node = PieceTrie.root
            var step = place
            var found: (id: Int, end: Int)?
            // A written mark within a word is no beginning of one.
            let isMark = place > 0 && word[place...].starts(with: Self.mark)
            while step < word.count && !isMark {
                node = trie.child(of: node, word[step])
                if node == PieceTrie.root { break }
                step += 1
                let piece = trie.piece(at: node)
                // The mark alone begins no word.
                if piece >= 0 && step > Self.mark.count { found = (piece, step) }
            }
            guard let found else {
                ids.removeLast(ids.count - before)
                if let unknownID { ids.append(unknownID) }
                return
            }
            ids.append(found.id)
            place = found.end
        }
    }
}
