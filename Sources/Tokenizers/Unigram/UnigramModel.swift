/// SentencePiece's unigram model: of all ways to write a text as pieces the one whose scores have the highest sum.
///
/// The search goes from left to right and keeps for each place the best way to it (Viterbi 1967; Kudo 2018, "Subword
/// Regularization"). A character that is no piece costs the lowest score of all less 10 and becomes the unknown token,
/// one for a run of them, or byte tokens where the vocabulary has all 256.
///
/// Where no piece holds a space after another character, a text is searched word by word: the same ways, shorter sums,
/// and words that come again are remembered.
struct UnigramModel: Sendable {
    private let trie: PieceTrie
    private let scores: [Float]
    private let unknownScore: Double
    private let unknownID: Int?
    /// The token of each byte, empty unless there is one for all.
    private let byteTokens: [Int]
    private let cutsAtSpaces: Bool
    private let normalizer: SpaceNormalizer

    /// What an unknown character costs below the lowest score.
    private static let unknownPenalty = 10.0

    /// Builds the tables. Cost: n log n in the number of pieces, linear in their bytes and in the character map.
    init(
        _ definition: TokenizerDefinition, _ vocabulary: Vocabulary, unknownID: Int?
    ) throws(TokenizerError) {
        guard definition.scores.count >= vocabulary.count else {
            throw .arrayTooShort(name: "scores", expected: vocabulary.count, actual: definition.scores.count)
        }
        var scores = Array(definition.scores.prefix(vocabulary.count))
        var pieces: [Int] = []
        var bytes = [Int](repeating: -1, count: 256)
        var (lowest, highest) = (Float.infinity, -Float.infinity)
        for id in 0..<vocabulary.count {
            switch vocabulary.types[id] {
            case .normal, .userDefined:
                if definition.tokens[id].isEmpty { continue }
                if scores[id].isNaN { throw .invalidScore(id: id) }
                pieces.append(id)
                if vocabulary.types[id] == .normal {
                    lowest = min(lowest, scores[id])
                    highest = max(highest, scores[id])
                }
            case .byte: if let byte = vocabulary.bytes(of: id).first { bytes[Int(byte)] = id }
            case .control, .unknown, .unused: break
            }
        }
        if lowest > highest { (lowest, highest) = (0, 0) }
        // SentencePiece prefers user-defined pieces to all others.
        for id in pieces where vocabulary.types[id] == .userDefined {
            scores[id] = Float(definition.tokens[id].utf8.count) * highest - 0.1
        }
        trie = PieceTrie(definition.tokens, pieces)
        self.scores = scores
        unknownScore = Double(lowest) - Self.unknownPenalty
        self.unknownID = unknownID
        byteTokens = bytes.contains(-1) ? [] : bytes
        cutsAtSpaces = !pieces.contains { Self.hasSpaceAfterOther(definition.tokens[$0]) }
        normalizer = SpaceNormalizer(
            map: definition.characterMap.isEmpty ? nil : try CharacterMap(definition.characterMap),
            addsSpacePrefix: definition.addSpacePrefix ?? true,
            removesExtraSpaces: definition.removeExtraWhitespaces ?? true)
    }

    private static func hasSpaceAfterOther(_ piece: String) -> Bool {
        var other = false
        for scalar in piece.unicodeScalars {
            if scalar != "\u{2581}" { other = true } else if other { return true }
        }
        return false
    }

    /// Appends the ids of `text[start..<end]`, well-formed UTF-8.
    ///
    /// Cost: linear in the text; at each place the pieces that begin there are looked at.
    func encode(_ text: [UInt8], _ start: Int, _ end: Int, _ scratch: inout EncodingScratch, into ids: inout [Int]) {
        var normal: [UInt8] = []
        swap(&normal, &scratch.normal)
        normalizer.normalize(text, start, end, into: &normal)
        let first = ids.count
        var place = 0
        while place < normal.count {
            var wordEnd = normal.count
            if cutsAtSpaces { wordEnd = Self.wordEnd(normal, place) }
            encodeWord(normal, place, wordEnd, &scratch, into: &ids)
            place = wordEnd
        }
        if byteTokens.isEmpty, let unknownID { Self.joinRuns(of: unknownID, from: first, in: &ids) }
        swap(&normal, &scratch.normal)
    }

    /// The place of the next `▁` that follows another character.
    private static func wordEnd(_ text: [UInt8], _ start: Int) -> Int {
        var place = start
        while place + 2 < text.count && isSpace(text, place) { place += 3 }
        while place < text.count {
            if place + 2 < text.count && isSpace(text, place) && place > start { return place }
            place += 1
        }
        return place
    }

    @inline(__always)
    private static func isSpace(_ text: [UInt8], _ place: Int) -> Bool {
        text[place] == 0xE2 && text[place + 1] == 0x96 && text[place + 2] == 0x81
    }

    private func encodeWord(
        _ text: [UInt8], _ start: Int, _ end: Int, _ scratch: inout EncodingScratch, into ids: inout [Int]
    ) {
        if end - start > WordCache.longestWord {
            search(text, start, end, &scratch.lattice, into: &ids)
            return
        }
        let key = WordCache.key(text, start, end)
        if scratch.cache.find(key, appendingTo: &ids) { return }
        let before = ids.count
        search(text, start, end, &scratch.lattice, into: &ids)
        scratch.cache.remember(key, ids, from: before)
    }

    /// One unknown token for each run of them.
    private static func joinRuns(of unknown: Int, from first: Int, in ids: inout [Int]) {
        var kept = first
        for index in first..<ids.count {
            if ids[index] == unknown && kept > first && ids[kept - 1] == unknown { continue }
            ids[kept] = ids[index]
            kept += 1
        }
        ids.removeLast(ids.count - kept)
    }

    private func search(
        _ text: [UInt8], _ start: Int, _ end: Int, _ lattice: inout [LatticePlace], into ids: inout [Int]
    ) {
        let count = end - start
        lattice.removeAll(keepingCapacity: true)
        lattice.append(contentsOf: repeatElement(LatticePlace(), count: count + 1))
        lattice[0] = LatticePlace(score: 0, start: 0, piece: -1)
        var from = 0
        while from < count {
            let scoreHere = lattice[from].score
            let length = UTF8Scalar.decode(text, start + from).length
            var hasSingle = false
            var node = PieceTrie.root
            var place = from
            while place < count {
                node = trie.child(of: node, text[start + place])
                if node == PieceTrie.root { break }
                place += 1
                let piece = trie.piece(at: node)
                if piece < 0 { continue }
                lattice[place].offer(scoreHere + Double(scores[piece]), from: from, piece: piece)
                if place - from == length { hasSingle = true }
            }
            if !hasSingle { lattice[from + length].offer(scoreHere + unknownScore, from: from, piece: -1) }
            from += length
        }
        let before = ids.count
        var place = count
        while place > 0 {
            let best = lattice[place]
            appendBackwards(best, text, start, place, into: &ids)
            place = best.start
        }
        ids[before...].reverse()
    }

    private func appendBackwards(
        _ best: LatticePlace, _ text: [UInt8], _ start: Int, _ place: Int, into ids: inout [Int]
    ) {
        if best.piece >= 0 {
            ids.append(best.piece)
        } else if !byteTokens.isEmpty {
            for index in (best.start..<place).reversed() { ids.append(byteTokens[Int(text[start + index])]) }
        } else if let unknownID {
            ids.append(unknownID)
        }
    }
}

/// The best way to a place of a word.
struct LatticePlace: Sendable {
    var score = 0.0
    /// Where its last piece begins; −1 while no way is known.
    var start = -1
    /// Its last piece, −1 for an unknown character.
    var piece = -1

    /// Takes another way if it is better; of equal ones the first, whose last piece is the longest, stays.
    @inline(__always)
    mutating func offer(_ score: Double, from start: Int, piece: Int) {
        if self.start < 0 || score > self.score { self = LatticePlace(score: score, start: start, piece: piece) }
    }
}
