public import Tokenizers

extension TokenizerDefinition {
    /// SHA-256 of everything that decides which ids a text gets, hexadecimal: tokens, types, scores, merges, split rule
    /// and the settings of spaces and special tokens. The chat template is not part of it.
    public var fingerprint: String {
        var hasher = SHA256Stream()
        var bytes: [UInt8] = []
        func add(_ text: String) {
            TokenShardFormat.append(UInt64(text.utf8.count), 4, to: &bytes)
            bytes += text.utf8
            if bytes.count > 1 << 16 {
                hasher.update(bytes)
                bytes.removeAll(keepingCapacity: true)
            }
        }
        add(model.rawValue)
        for list in [tokens, merges] {
            TokenShardFormat.append(UInt64(list.count), 8, to: &bytes)
            for text in list { add(text) }
        }
        for type in types { TokenShardFormat.append(UInt64(UInt32(bitPattern: type.rawValue)), 4, to: &bytes) }
        for score in scores { TokenShardFormat.append(UInt64(score.bitPattern), 4, to: &bytes) }
        let special = [bosID, eosID, eotID, eomID, unknownID, paddingID].map { $0.map(String.init) ?? "-" }
        let switches = [addBOS, addEOS, addSpacePrefix, removeExtraWhitespaces].map { $0.map { "\($0)" } ?? "-" }
        add(preTokenizer ?? "-")
        add(normalization.rawValue)
        for text in special + switches { add(text) }
        hasher.update(bytes)
        return hasher.hexadecimal()
    }
}
