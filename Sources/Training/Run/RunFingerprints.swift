public import Tokenizers

extension RunIdentity {
    /// SHA-256 of all names and values, hexadecimal: equal for runs of one configuration.
    public var fingerprint: String {
        let lines = fields.sorted { $0.key < $1.key }.map { "\($0.key.utf8.count) \($0.key)=\($0.value)\n" }
        return SHA256Stream.hexadecimal(of: lines.joined())
    }
}

extension TokenizerDefinition {
    /// SHA-256 of the chat template's text, hexadecimal; nil without one. ``fingerprint`` does not cover it.
    public var templateFingerprint: String? { chatTemplate.map { SHA256Stream.hexadecimal(of: $0) } }
}

extension SHA256Stream {
    fileprivate static func hexadecimal(of text: String) -> String {
        var stream = SHA256Stream()
        stream.update(Array(text.utf8))
        return stream.hexadecimal()
    }
}
