/// Which rule of the GGUF format a file breaks: one case per rule, with what was expected and what is there.
public enum GGUFError: Error, Equatable, Sendable {
    case file(FileError)

    // The head.
    case badMagic(actual: [UInt8])
    case otherByteOrder(version: UInt32)
    case unsupportedVersion(actual: UInt32)
    case tooManyKeys(actual: UInt64, limit: Int)
    case tooManyTensors(actual: UInt64, limit: Int)
    /// The file ends inside its header.
    case truncatedHeader(reading: String, offset: Int, needed: UInt64, available: Int)
    /// Metadata and tensor list together are larger than any real model's.
    case headerTooLarge(limit: Int)

    // Metadata.
    case emptyKey(index: Int)
    case keyTooLong(index: Int, length: UInt64, limit: Int)
    case duplicateKey(String)
    case stringTooLong(reading: String, length: UInt64, limit: Int)
    case notUTF8(reading: String, offset: Int)
    case unknownValueType(key: String, actual: UInt32)
    case nestedArray(key: String)
    case arrayTooLong(key: String, count: UInt64, limit: Int)
    case alignmentType(actual: String)
    case badAlignment(actual: UInt32)

    // Tensors.
    case emptyTensorName(index: Int)
    case tensorNameTooLong(index: Int, length: UInt64, limit: Int)
    case duplicateTensor(String)
    case tooManyDimensions(tensor: String, actual: UInt32)
    case negativeDimension(tensor: String, axis: Int, actual: UInt64)
    case tooManyElements(tensor: String, dimensions: [Int])
    case tooManyBytes(tensor: String, dimensions: [Int])
    case unknownTensorType(tensor: String, id: UInt32)
    case removedTensorType(tensor: String, name: String)
    case partialBlock(tensor: String, columns: Int, blockLength: Int)
    case wrongOffset(tensor: String, expected: UInt64, actual: UInt64)

    // Data.
    case truncatedData(expected: Int, actual: Int)
    case trailingBytes(expected: Int, actual: Int)

    // Reading.
    case noSuchTensor(String)
    case rowsOutOfRange(tensor: String, rows: Range<Int>, count: Int)

    // Writing.
    case tooMuchWritten(tensor: String, expected: Int, actual: Int)
    case incomplete(tensor: String, missing: Int)

    // Files in several parts.
    case badSplit(path: String, reason: String)
    case missingPart(path: String, part: Int, of: Int)
}

extension GGUFError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        if let text = headDescription ?? metadataDescription ?? tensorDescription { return text }
        switch self {
        case .truncatedData(let expected, let actual):
            return "GGUF: the tensors need a file of \(expected) bytes, it has \(actual): "
                + "it is incomplete; pull it again"
        case .trailingBytes(let expected, let actual):
            return "GGUF: the file has \(actual) bytes, \(expected) belong to tensors: refusing bytes nothing owns"
        case .noSuchTensor(let name): return "GGUF: the file has no tensor \(name)"
        case .rowsOutOfRange(let tensor, let rows, let count):
            return "GGUF: rows \(rows) of tensor \(tensor) were asked for, it has \(count)"
        case .tooMuchWritten(let tensor, let expected, let actual):
            return "GGUF: \(actual) bytes were given for \(tensor), \(expected) are missing"
        case .incomplete(let tensor, let missing): return "GGUF: \(missing) bytes of \(tensor) were not given"
        case .badSplit(let path, let reason): return "\(path): this file is one part of a model: \(reason)"
        case .missingPart(let path, let part, let count):
            return "\(path) is missing: the model has \(count) parts and needs part \(part) beside the others"
        default: return "GGUF: unreadable file"
        }
    }

    private var headDescription: String? {
        switch self {
        case .file(let error): error.description
        case .badMagic(let actual):
            "GGUF: a file starts with the bytes \"GGUF\", this one with \(actual): it is no GGUF file"
        case .otherByteOrder(let version):
            "GGUF: version \(version) looks byte-swapped: the file was written for big-endian machines; convert it"
        case .unsupportedVersion(let actual):
            "GGUF: version \(actual) is not supported, versions 2 and 3 are: convert the file again"
        case .tooManyKeys(let actual, let limit): "GGUF: \(actual) metadata keys, at most \(limit) are accepted"
        case .tooManyTensors(let actual, let limit): "GGUF: \(actual) tensors, at most \(limit) are accepted"
        case .truncatedHeader(let reading, let offset, let needed, let available):
            "GGUF: the file ends inside \(reading) at byte \(offset): "
                + "\(needed) bytes needed, \(available) left; pull it again"
        case .headerTooLarge(let limit): "GGUF: metadata and tensor list are larger than \(limit) bytes"
        default: nil
        }
    }

    private var metadataDescription: String? {
        switch self {
        case .emptyKey(let index): "GGUF: metadata key \(index) is empty"
        case .keyTooLong(let index, let length, let limit):
            "GGUF: metadata key \(index) has \(length) bytes, at most \(limit) are allowed"
        case .duplicateKey(let key): "GGUF: the metadata key \(key) stands twice"
        case .stringTooLong(let reading, let length, let limit):
            "GGUF: \(reading) has \(length) bytes, at most \(limit) are accepted"
        case .notUTF8(let reading, let offset): "GGUF: \(reading) at byte \(offset) is not UTF-8"
        case .unknownValueType(let key, let actual): "GGUF: \(key) has the value type \(actual), 0 to 12 exist"
        case .nestedArray(let key): "GGUF: \(key) is an array of arrays, which the format does not have"
        case .arrayTooLong(let key, let count, let limit):
            "GGUF: \(key) has \(count) elements, at most \(limit) are accepted"
        case .alignmentType(let actual): "GGUF: general.alignment is \(actual), it must be u32"
        case .badAlignment(let actual): "GGUF: general.alignment is \(actual), it must be a power of two up to 65536"
        default: nil
        }
    }

    private var tensorDescription: String? {
        switch self {
        case .emptyTensorName(let index): "GGUF: tensor \(index) has no name"
        case .tensorNameTooLong(let index, let length, let limit):
            "GGUF: the name of tensor \(index) has \(length) bytes, at most \(limit) are allowed"
        case .duplicateTensor(let name): "GGUF: the tensor \(name) stands twice"
        case .tooManyDimensions(let tensor, let actual): "GGUF: \(tensor) has \(actual) dimensions, at most 4 exist"
        case .negativeDimension(let tensor, let axis, let actual):
            "GGUF: dimension \(axis) of \(tensor) is \(actual), which as a signed number is negative"
        case .tooManyElements(let tensor, let dimensions):
            "GGUF: the number of elements of \(tensor) \(dimensions) overflows"
        case .tooManyBytes(let tensor, let dimensions): "GGUF: the size of \(tensor) \(dimensions) overflows"
        case .unknownTensorType(let tensor, let id): "GGUF: \(tensor) has the unknown tensor type \(id)"
        case .removedTensorType(let tensor, let name):
            "GGUF: \(tensor) has the type \(name), which was removed from the format: quantise the model again"
        case .partialBlock(let tensor, let columns, let blockLength):
            "GGUF: a row of \(tensor) has \(columns) weights, its type needs a multiple of \(blockLength)"
        case .wrongOffset(let tensor, let expected, let actual):
            "GGUF: \(tensor) must lie at offset \(expected) of the data, the file says \(actual)"
        default: nil
        }
    }
}
