public import FoundationEssentials

/// The models that Pallet can pull, with what is needed to check them.
public struct ModelCatalogue: Hashable, Sendable {
    /// The catalogue that is built into the program. Empty only if its file were broken, which a test excludes.
    public static let builtIn =
        (try? ModelCatalogue(json: Data(PackageResources.catalogue_json)))
        ?? ModelCatalogue(entries: [])

    /// The entries in file order.
    public let entries: [CatalogueEntry]

    /// Reads a catalogue file. A company may bring its own with the same shape as `Resources/catalogue.json`.
    ///
    /// - Parameter json: At most 1 MiB of JSON.
    /// - Throws: `ModelHubError.catalogue` naming the entry and the broken rule.
    public init(json: Data) throws(ModelHubError) {
        guard json.count <= 1 << 20 else { throw .catalogue("larger than 1 MiB") }
        let file: CatalogueFile
        do {
            file = try JSONDecoder().decode(CatalogueFile.self, from: json)
        } catch {
            throw .catalogue("not of the expected shape: \(error)")
        }
        guard file.version == 1 else { throw .catalogue("version \(file.version); this program reads version 1") }
        var read: [CatalogueEntry] = []
        for model in file.models {
            let entry = try model.entry()
            guard !read.contains(where: { $0.name == entry.name || $0.file == entry.file }) else {
                throw .catalogue("\(entry.name): name or file stands twice")
            }
            read.append(entry)
        }
        entries = read
    }

    private init(entries: [CatalogueEntry]) { self.entries = entries }

    /// The model that is taken when none is named.
    public var standard: CatalogueEntry? {
        entries.first(where: \.isDefault) ?? entries.first { $0.task == .chat }
    }

    /// The entry of a name, or nil.
    public func entry(named name: String) -> CatalogueEntry? { entries.first { $0.name == name } }

    /// The entry of a name.
    ///
    /// - Throws: `ModelHubError.unknownModel` with the known names.
    public func require(_ name: String) throws(ModelHubError) -> CatalogueEntry {
        guard let entry = entry(named: name) else {
            throw .unknownModel(name: name, known: entries.map(\.name))
        }
        return entry
    }
}
