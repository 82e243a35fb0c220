import Tokenizers

/// Byte-level BPE training as its definition says it: all pairs are counted anew before each merge.
///
/// Words are what the split rule gives; for that a tokenizer without merges is asked for single bytes, and words are
/// cut here by the published patterns.
enum NaiveBytePairTrainer {
    static func train(
        _ settings: BytePairTrainingSettings, _ texts: [String]
    ) -> (tokens: [String], merges: [String]) {
        let characters = byteCharacters()
        var words: [[String]: Int] = [:]
        for text in texts {
            for word in NaiveWords.cut(text, settings.split) {
                words[word.utf8.map { characters[Int($0)] }, default: 0] += 1
            }
        }
        var tokens =
            settings.specialTokens
            + characters.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        var merges: [String] = []
        var refused: Set<[String]> = []
        while tokens.count < settings.vocabularySize {
            var counts: [[String]: Int] = [:]
            for (word, count) in words {
                for index in word.indices.dropLast() { counts[[word[index], word[index + 1]], default: 0] += count }
            }
            let ids = Dictionary(tokens.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            let best = counts.filter { !refused.contains($0.key) && $0.value >= settings.minimumFrequency }.min {
                left, right in
                if left.value != right.value { return left.value > right.value }
                return left.key.map { ids[$0] ?? 0 }.lexicographicallyPrecedes(right.key.map { ids[$0] ?? 0 })
            }
            guard let pair = best?.key else { break }
            let text = pair.joined()
            if text.unicodeScalars.count > settings.maximumTokenBytes || settings.specialTokens.contains(text) {
                refused.insert(pair)
                continue
            }
            merges.append(pair.joined(separator: " "))
            if !tokens.contains(text) { tokens.append(text) }
            var merged: [[String]: Int] = [:]
            for (word, count) in words { merged[merge(word, pair), default: 0] += count }
            words = merged
        }
        return (tokens, merges)
    }

    private static func merge(_ word: [String], _ pair: [String]) -> [String] {
        var result: [String] = []
        var index = 0
        while index < word.count {
            if index + 1 < word.count && word[index] == pair[0] && word[index + 1] == pair[1] {
                result.append(pair.joined())
                index += 2
            } else {
                result.append(word[index])
                index += 1
            }
        }
        return result
    }

    private static func byteCharacters() -> [String] {
        var extra: UInt32 = 0x100
        return (0..<256).map { byte in
            let printable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
            defer { if !printable { extra += 1 } }
            return Unicode.Scalar(printable ? UInt32(byte) : extra).map(String.init) ?? ""
        }
    }
}

/// Cuts text by the published patterns with the standard library's regular expressions.
enum NaiveWords {
    static func cut(_ text: String, _ split: BytePairTrainingSettings.Split) -> [String] {
        let pattern =
            switch split {
            case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
            case .llama3: llama3("\\p{N}{1,3}")
            case .qwen2: llama3("\\p{N}")
            }
        guard let regex = try? Regex(pattern).matchingSemantics(.unicodeScalar) else { return [] }
        return text.matches(of: regex).map { String(text[$0.range]) }
    }

    private static func llama3(_ numbers: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
}
