/// What can go wrong when tensors are made, with what was expected and what was found.
public enum TensorError: Error, Equatable, CustomStringConvertible {
    /// The system has not that much memory to give.
    case outOfMemory(bytes: Int)
    /// A count or size that no real model has, or that overflows.
    case sizeOutOfRange(what: String, value: Int, limit: Int)
    /// A row is no multiple of the type's block.
    case raggedRow(type: ElementType, columns: Int)
    /// Kernels do not compute with this type.
    case typeNotComputable(ElementType)
    /// No encoder for this type.
    case typeNotEncodable(ElementType)
    /// A weight that is no number, or larger than what the type holds; `index` counts from the first of those given.
    case notRepresentable(index: Int, value: Float, type: ElementType)
    /// A source returned another number of bytes than the rows have.
    case byteCount(expected: Int, actual: Int)
    /// The threads of a pool could not be started.
    case threadsUnavailable(count: Int)

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .outOfMemory(let bytes):
            "Not enough memory: \(bytes) bytes were asked for. Use a smaller model or context, or a machine with more."
        case .sizeOutOfRange(let what, let value, let limit):
            "\(what) is \(value); it must be between 1 and \(limit)."
        case .raggedRow(let type, let columns):
            "A row of \(columns) values does not divide into \(type) blocks of \(type.blockLength)."
        case .typeNotComputable(let type):
            "Weights of type \(type) cannot be computed with. Convert the model to F16, Q8_0, Q4_0, Q4_K or Q6_K."
        case .typeNotEncodable(let type):
            "Values cannot be written as \(type). Types that are written: "
                + ElementType.allCases.filter(\.isEncodable).map(\.name).joined(separator: ", ") + "."
        case .notRepresentable(let index, let value, let type):
            "Weight number \(index) is \(value): \(type) holds finite values up to \(type.largestEncodable)."
        case .byteCount(let expected, let actual):
            "\(expected) bytes of weights were expected and \(actual) came: the file is damaged or was cut."
        case .threadsUnavailable(let count):
            "The system would not start \(count) compute threads. Ask for fewer with --threads."
        }
    }
}
