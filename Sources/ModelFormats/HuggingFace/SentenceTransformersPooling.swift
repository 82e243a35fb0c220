import FoundationEssentials

/// The pooling that a sentence-transformers folder states in `1_Pooling/config.json`.
enum SentenceTransformersPooling {
    private static let maximumSize = 1 << 20

    private static let known: [(key: String, pooling: Pooling)] = [
        ("pooling_mode_mean_tokens", .mean), ("pooling_mode_cls_token", .cls), ("pooling_mode_lasttoken", .last),
    ]

    /// The steps that are computed here; the length of vectors is the caller's choice.
    private static let knownModules = ["Transformer", "Pooling", "Normalize"]

    /// nil when the folder states none.
    static func read(_ folder: URL) throws -> Pooling? {
        let url = folder.appendingPathComponent("1_Pooling/config.json")
        guard let json = try value(at: url) else { return nil }
        try checkModules(folder)
        guard let members = json.object else { throw ModelConfigurationError.notAnObject(path: url.path) }
        let modes = members.keys.filter { $0.hasPrefix("pooling_mode_") && members[$0] == .bool(true) }
        // Several modes at once mean vectors side by side, which no search here uses.
        guard modes.count == 1, let found = known.first(where: { $0.key == modes[0] }) else {
            let modes = modes.sorted().joined(separator: " + ")
            throw ModelConfigurationError.unsupported(feature: modes.isEmpty ? "no pooling mode" : modes)
        }
        return found.pooling
    }

    /// The configuration's text for a pooling, as sentence-transformers reads it.
    static func text(_ pooling: Pooling, width: Int) -> String {
        var members: [String: JSONValue] = ["word_embedding_dimension": .integer(width)]
        for mode in known { members[mode.key] = .bool(mode.pooling == pooling) }
        return JSONValue.object(members).text(indented: true) + "\n"
    }

    /// A step that would be left out (a dense layer behind the pooling) makes other vectors: refused.
    private static func checkModules(_ folder: URL) throws {
        let modules = try value(at: folder.appendingPathComponent("modules.json"))?.array ?? []
        for type in modules.compactMap({ $0.object?["type"]?.string }) {
            let name = type.split(separator: ".").last.map(String.init) ?? type
            guard knownModules.contains(name) else {
                throw ModelConfigurationError.unsupported(feature: "a step \(name) in modules.json")
            }
        }
    }

    /// A JSON file; nil where there is none.
    private static func value(at url: URL) throws -> JSONValue? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let bytes = try ReadOnlyFile.contents(of: url, limit: maximumSize)
        do { return try JSONReader.value(of: bytes) } catch {
            throw ModelConfigurationError.json(path: url.path, error)
        }
    }
}
