extension Tokenizer {
    /// Two texts as an encoder reads a pair, with the tokens that open, part and close them.
    ///
    /// WordPiece: [CLS] a [SEP] and b [SEP]. Unigram (XLM-RoBERTa) and byte-level BPE (RoBERTa): `<s>` a `</s>` and
    /// `</s>` b `</s>`.
    ///
    /// - Parameters:
    ///   - first: ids of the first text without special tokens.
    ///   - second: those of the second one.
    /// - Returns: the ids of both parts; in models with token types the first part's type is 0 and the second's 1.
    public func pair(_ first: [Int], _ second: [Int]) -> (first: [Int], second: [Int]) {
        let opening = bosID.map { [$0] } ?? []
        let closing = eosID.map { [$0] } ?? []
        let parting = definition.model == .wordPiece ? [] : closing
        return (opening + first + closing, parting + second + closing)
    }

    /// How many special tokens `pair` adds.
    public var pairOverhead: Int {
        let parts = pair([], [])
        return parts.first.count + parts.second.count
    }
}
