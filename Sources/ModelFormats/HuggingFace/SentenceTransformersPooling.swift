import FoundationEssentials

/// The pooling that a sentence-transformers folder states in `1_Pooling/config.json`.
enum SentenceTransformersPooling {
    private static let maximumSize = 1 << 20

    private static let known: [(key: String, pooling: Pooling)] = [
        ("pooling_mode_mean_tokens", .mean), ("pooling_mode_cls_token", .cls), ("pooling_mode_lasttoken", .last),
    ]

    /// nil when the folder states none.
    static func read(_ folder: URL) throws -> Pooling? {
        let url = folder.appendingPathComponent("1_Pooling/config.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let bytes = try ReadOnlyFile.contents(of: url, limit: maximumSize)
        let json: JSONValue
        do { json = try JSONReader.value(of: bytes) } catch {
            throw ModelConfigurationError.json(path: url.path, error)
        }
        guard let members = json.object else { throw ModelConfigurationError.notAnObject(path: url.path) }
        let modes = members.keys.filter { $0.hasPrefix("pooling_mode_") && members[$0] == .bool(true) }
        // Several modes at once mean vectors side by side, which no search here uses.
        guard modes.count == 1, let found = known.first(where: { $0.key == modes[0] }) else {
            let modes = modes.sorted().joined(separator: " + ")
            throw ModelConfigurationError.unsupported(feature: modes.isEmpty ? "no pooling mode" : modes)
        }
        return found.pooling
    }
}
