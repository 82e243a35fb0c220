/// Why bytes could not be read from or written to a file.
public enum FileError: Error, Equatable, Sendable {
    /// The operation failed; `code` is the system's errno.
    case failed(operation: String, path: String, code: Int32)
    /// A folder stands where a file is to be read.
    case isFolder(path: String)
    /// A pipe or a device stands where a file is to be read.
    case notAFile(path: String)
    /// A folder, a pipe or a device stands where a file is to be written.
    case notReplaceable(path: String)
    /// The file ended before the wanted bytes: it is shorter than its header says, or shrank while it was read.
    case shortRead(path: String, offset: Int, expected: Int, actual: Int)
    /// The wanted range cannot lie in any file (negative or beyond 2^63).
    case badRange(path: String, offset: Int, count: Int)
    /// A file that is read whole is larger than what such a file may be.
    case tooLarge(path: String, size: Int, limit: Int)
    /// The target exists and is not to be replaced.
    case exists(path: String)
    /// The disk has less room than the file will need.
    case noSpace(path: String, needed: Int, free: Int)
}

extension FileError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .failed(let operation, let path, let code):
            "\(path): \(operation) failed: \(systemMessage(code)) (errno \(code))"
        case .notAFile(let path):
            "\(path) is not a regular file: copy what it gives into a file first"
        case .isFolder(let path):
            "\(path) is a folder, a file is expected: name the file in it"
        case .notReplaceable(let path):
            "\(path) is a folder, pipe or device, which no file replaces: choose another name"
        case .shortRead(let path, let offset, let expected, let actual):
            "\(path): \(expected) bytes expected at offset \(offset), \(actual) are there; "
                + "the file is incomplete or was changed while it was read: copy or pull it again"
        case .badRange(let path, let offset, let count):
            "\(path): no file can hold \(count) bytes at offset \(offset)"
        case .tooLarge(let path, let size, let limit):
            "\(path) has \(size) bytes, at most \(limit) are expected of such a file"
        case .exists(let path):
            "\(path) exists already: choose another name or remove it first"
        case .noSpace(let path, let needed, let free):
            "\(path) needs \(needed) bytes, the disk has \(free) left: make room or choose another disk"
        }
    }
}
