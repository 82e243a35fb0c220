import Tokenizers

/// The rules of SentencePiece's unigram models, written down as plainly as possible as a twin to test the fast search
/// against. Without special tokens and byte tokens.
struct NaiveUnigram {
    private var scores: [[Unicode.Scalar]: (id: Int, score: Double)] = [:]
    private var longest = 1
    private var unknownScore = 0.0
    private let unknownID: Int
    private let map: [([Unicode.Scalar], String)]

    init(_ definition: TokenizerDefinition, map: [(String, String)], unknownID: Int) {
        self.unknownID = unknownID
        self.map = map.map { (Array($0.0.unicodeScalars), $0.1) }.sorted { $0.0.count > $1.0.count }
        var lowest = Double.infinity
        for (id, text) in definition.tokens.enumerated() where definition.types[id] == .normal {
            let scalars = Array(text.unicodeScalars)
            scores[scalars] = (id, Double(definition.scores[id]))
            longest = max(longest, scalars.count)
            lowest = min(lowest, Double(definition.scores[id]))
        }
        unknownScore = lowest - 10
    }

    func encode(_ text: String) -> [Int] {
        let scalars = normalized(text)
        // Of each place: the best sum, the ids that lead there.
        var best: [(score: Double, ids: [Int])?] = [(0, [])]
        for end in 0..<scalars.count {
            var found: (score: Double, ids: [Int])?
            for start in max(0, end + 1 - longest)...end {
                guard let before = best[start] else { continue }
                let piece = Array(scalars[start...end])
                var step = scores[piece]
                if step == nil && piece.count == 1 { step = (unknownID, unknownScore) }
                guard let step else { continue }
                if found == nil || before.score + step.score > found?.score ?? 0 {
                    found = (before.score + step.score, before.ids + [step.id])
                }
            }
            best.append(found)
        }
        var ids: [Int] = []
        for id in best[scalars.count]?.ids ?? [] where id != unknownID || ids.last != unknownID { ids.append(id) }
        return ids
    }

    private func normalized(_ text: String) -> [Unicode.Scalar] {
        var rest = Array(text.unicodeScalars)[...]
        var result = ""
        while let first = rest.first {
            if let (key, value) = map.first(where: { rest.starts(with: $0.0) }) {
                result += value
                rest = rest.dropFirst(key.count)
            } else {
                result.unicodeScalars.append(first)
                rest = rest.dropFirst()
            }
        }
        let words = result.unicodeScalars.split(separator: " ")
        var joined = words.flatMap { ["\u{2581}"] + $0 }
        // A written ▁ at the end counts as a space.
        while joined.last == "\u{2581}" { joined.removeLast() }
        return joined
    }
}

/// Random vocabularies whose scores are sums of powers of two, so that all sums are exact and ties are ties.
enum RandomUnigram {
    static let map = [("A", "a"), ("\n", " "), ("e\u{301}", "é"), ("一", "的"), ("\u{200B}", ""), ("½", "1 2")]
    static let unknownID = 2

    static func definition(_ random: inout SeededRandom) -> TokenizerDefinition {
        let letters = Array("abet onré的一12▁".unicodeScalars)
        var texts: Set<String> = ["a", "b", "的"]
        while texts.count < 60 {
            var text = ""
            for place in 0..<Int.random(in: 1...4, using: &random) {
                let letter = letters[Int.random(in: 0..<letters.count, using: &random)]
                // Within a piece rarely a space, so that vocabularies with and without it come up.
                if letter == " " || (letter == "▁" && place > 0 && Int.random(in: 0..<40, using: &random) > 0) {
                    continue
                }
                text.unicodeScalars.append(letter)
            }
            if !text.isEmpty { texts.insert(text) }
        }
        // Canonically equal texts are one element of a set; here none are.
        let pieces = texts.sorted().map { ($0, -Float(Int.random(in: 4...40, using: &random)) / 4) }
        return UnigramTests.definition(pieces, map: map)
    }
}
