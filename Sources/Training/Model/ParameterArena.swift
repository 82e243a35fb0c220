public import Tensors

/// A trained tensor: a part of the arena that holds all of them.
public struct Parameter: Sendable, Equatable {
    /// GGUF name, or of an adapter the module's with `.lora_a`, `.lora_b`, `.magnitude` behind it.
    public let name: String
    /// Index of its first value.
    public let offset: Int
    /// A vector has one row.
    public let rows: Int, columns: Int
    /// Whether weight decay applies: matrices but for the embedding (README-training §3).
    public let decays: Bool

    /// Values of the tensor.
    public var count: Int { rows * columns }
    /// Its part of the arena.
    public var range: Range<Int> { offset..<offset + count }
}

/// All that is trained, in one row: values and gradients, so that optimizer, clipping, checkpoints and the sum over
/// machines are one pass each.
public final class ParameterArena: Sendable {
    /// Every trained tensor, in the order of its values.
    public let parameters: [Parameter]
    /// [count]
    public let values: FloatBuffer
    /// [count]: Σ over the micro-batch.
    public let gradients: FloatBuffer

    /// Trained values.
    public var count: Int { values.count }

    init(_ parameters: [Parameter]) throws {
        self.parameters = parameters
        let count = parameters.last.map { $0.offset + $0.count } ?? 0
        values = try FloatBuffer(count: count)
        gradients = try FloatBuffer(count: count)
    }

    /// Whether all values are numbers, and none infinite.
    var hasFiniteValues: Bool { parameters.allSatisfy { values.sumOfSquares($0.range).isFinite } }

    func value(_ parameter: Parameter) -> MatrixView {
        MatrixView(values, offset: parameter.offset, rows: parameter.rows, columns: parameter.columns)
    }

    func gradient(_ parameter: Parameter) -> MatrixView {
        MatrixView(gradients, offset: parameter.offset, rows: parameter.rows, columns: parameter.columns)
    }

    /// The values of a tensor, row-major.
    public func array(_ parameter: Parameter) -> [Float] { values.array(parameter.range) }
}

/// Lays parameters out one behind the other, each at a multiple of 16 values.
struct ParameterLayout {
    private(set) var parameters: [Parameter] = []
    private var end = 0

    mutating func add(_ name: String, rows: Int, columns: Int, decays: Bool) -> Parameter {
        let parameter = Parameter(name: name, offset: end, rows: rows, columns: columns, decays: decays)
        parameters.append(parameter)
        end = (end + rows * columns + 15) / 16 * 16
        return parameter
    }
}
