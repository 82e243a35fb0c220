/// Which rule of the safetensors format a file breaks: one case per rule.
public enum SafetensorsError: Error, Equatable, Sendable {
    case file(FileError)
    case headerTooSmall(actual: Int)
    case headerTooLarge(actual: UInt64, limit: Int)
    case headerBeyondFile(length: UInt64, available: Int)
    case headerStart(actual: UInt8)
    case header(JSONError)
    case headerNotObject
    case badMetadata
    case badEntry(tensor: String, reason: String)
    case unknownType(tensor: String, actual: String)
    case sizeOverflow(tensor: String, shape: [Int])
    case wrongSize(tensor: String, expected: Int, actual: Int)
    case holeOrOverlap(tensor: String, expectedStart: Int, actualStart: Int)
    case truncatedData(expected: Int, actual: Int)
    case trailingBytes(expected: Int, actual: Int)
    case noSuchTensor(String)
    case rangeOutside(tensor: String, range: Range<Int>, byteCount: Int)
    case duplicateTensor(String, files: [String])
    case badIndex(path: String, reason: String)
    case missingFromShard(tensor: String, file: String)
    case noWeights(folder: String)
    /// Weights are there as a pickle, which runs code when it is read.
    case pickledWeights(folder: String, file: String)
}

extension SafetensorsError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .file(let error): return error.description
        case .headerTooSmall(let actual): return "safetensors: the file has \(actual) bytes, a header needs 10"
        case .headerTooLarge(let actual, let limit):
            return "safetensors: the header is said to have \(actual) bytes, at most \(limit) are accepted"
        case .headerBeyondFile(let length, let available):
            return "safetensors: the header is said to have \(length) bytes, \(available) follow: pull the file again"
        case .headerStart(let actual):
            return "safetensors: the header starts with byte 0x\(String(actual, radix: 16)), \"{\" expected"
        case .header(let error): return "safetensors header: \(error)"
        case .headerNotObject: return "safetensors: the header is not an object"
        case .badMetadata: return "safetensors: __metadata__ must be an object of strings"
        case .badEntry(let tensor, let reason): return "safetensors: the entry of \(tensor) is wrong: \(reason)"
        case .unknownType(let tensor, let actual):
            let known = SafetensorsType.allCases.map(\.rawValue).joined(separator: ", ")
            return "safetensors: \(tensor) has the type \(actual); known are \(known)"
        case .sizeOverflow(let tensor, let shape): return "safetensors: the size of \(tensor) \(shape) overflows"
        case .wrongSize(let tensor, let expected, let actual):
            return "safetensors: \(tensor) needs \(expected) bytes by its shape and type, its offsets span \(actual)"
        case .holeOrOverlap(let tensor, let expected, let actual):
            return "safetensors: \(tensor) must start at byte \(expected) of the data, it starts at \(actual): "
                + "holes and overlaps are refused"
        case .truncatedData(let expected, let actual):
            return "safetensors: the tensors need \(expected) bytes of data, \(actual) are there: pull the file again"
        case .trailingBytes(let expected, let actual):
            return "safetensors: the tensors own \(expected) bytes of data, the file has \(actual)"
        case .noSuchTensor(let name): return "safetensors: there is no tensor \(name)"
        case .rangeOutside(let tensor, let range, let count):
            return "safetensors: bytes \(range) of \(tensor) were asked for, it has \(count)"
        case .duplicateTensor(let name, let files):
            return "safetensors: \(name) stands in several files: \(files.joined(separator: ", "))"
        case .badIndex(let path, let reason): return "\(path): \(reason)"
        case .missingFromShard(let tensor, let file):
            return "safetensors: the index says that \(tensor) is in \(file), it is not"
        case .noWeights(let folder):
            return "\(folder) has neither model.safetensors nor model.safetensors.index.json"
        case .pickledWeights(let folder, let file):
            return "\(folder) has its weights in \(file), a pickle, which can run code when it is read: it is not read "
                + "here. Take a copy of the model in safetensors or GGUF, or write it once with transformers "
                + "(save_pretrained)"
        }
    }
}
