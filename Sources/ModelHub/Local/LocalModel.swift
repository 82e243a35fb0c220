public import FoundationEssentials

/// A model on this machine.
public struct LocalModel: Hashable, Codable, Sendable {
    /// What it is on the disk.
    public enum Form: String, Hashable, Codable, Sendable {
        /// One GGUF file.
        case gguf
        /// A folder in Hugging Face's layout.
        case folder
    }

    /// How sure we are of its bytes.
    public enum HashState: String, Hashable, Codable, Sendable {
        /// The hash was right, and size and time of change are what they were then.
        case verified
        /// The file was changed since its hash was taken.
        case changed
        /// No hash was taken yet (a file that somebody put there).
        case unknown
    }

    /// The name by which it is asked for.
    public let name: String
    /// Its file or folder.
    public let url: URL
    /// Form.
    public let form: Form
    /// Bytes of the file, or of all files of the folder.
    public let bytes: Int64
    /// SHA-256 of the file; for a folder, of the list of its files' hashes. nil where none was taken.
    public let sha256: String?
    /// How sure we are of it.
    public let hashState: HashState
    /// SPDX identifier of the licence, nil when unknown.
    public let licence: String?
    /// Who published it, or the path from which it was added.
    public let origin: String?
    /// Whether name and hash are those of the catalogue.
    public let isInCatalogue: Bool

    enum CodingKeys: String, CodingKey {
        case name, url, form, bytes, sha256, licence, origin
        case hashState = "hash_state"
        case isInCatalogue = "in_catalogue"
    }
}
