internal import CKernels
internal import Synchronization

/// The angles of rotary position embedding: cosine and sine of position · frequency, times an attention factor.
///
/// Computed in double precision by our own functions, so that they are equal on every machine. Positions below 65536
/// are kept in pages of 256 once they were needed; others are computed each time.
public struct RopeTable: Sendable {
    /// Which values of a head turn together.
    public enum Pairing: Sendable {
        /// (2i, 2i + 1): llama in GGUF's order.
        case adjacent
        /// (i, i + n/2): Hugging Face's order, qwen2, qwen3.
        case halves
    }

    /// How values pair.
    public let pairing: Pairing
    /// Pairs per head that turn; values from 2 · pairs on stay as they are.
    public let pairs: Int
    let angles: RopeAngles

    /// - Parameters:
    ///   - inverseFrequencies: one per pair, already scaled (linear, Llama-3).
    ///   - attentionFactor: what cosine and sine are multiplied with; 1 in most models.
    public init(inverseFrequencies: [Double], attentionFactor: Float = 1, pairing: Pairing) {
        self.pairing = pairing
        pairs = inverseFrequencies.count
        angles = RopeAngles(inverseFrequencies, attentionFactor)
    }

    /// Cosines and sines at a position, for looking inside.
    public func row(_ position: Int) -> (cosines: [Float], sines: [Float]) {
        let row = angles.row(position)
        let middle = row.start + pairs
        return (Array(row.values[row.start..<middle]), Array(row.values[middle..<middle + pairs]))
    }
}

/// The pages of a rope table, shared by the copies of it.
final class RopeAngles: Sendable {
    /// A row: `pairs` cosines, then `pairs` sines, from `start` on.
    typealias Row = (values: [Float], start: Int)

    private static let pageLength = 256
    private static let keptPages = 256
    private let inverseFrequencies: [Double]
    private let factor: Float
    private let pages = Mutex<[Int: [Float]]>([:])

    init(_ inverseFrequencies: [Double], _ factor: Float) {
        self.inverseFrequencies = inverseFrequencies
        self.factor = factor
    }

    func row(_ position: Int) -> Row {
        let index = position / Self.pageLength, width = 2 * inverseFrequencies.count
        guard position >= 0, index < Self.keptPages else { return (compute(position..<position + 1), 0) }
        let page = pages.withLock { pages in
            if let page = pages[index] { return page }
            let page = compute(index * Self.pageLength..<(index + 1) * Self.pageLength)
            pages[index] = page
            return page
        }
        return (page, position % Self.pageLength * width)
    }

    private func compute(_ positions: Range<Int>) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(positions.count * 2 * inverseFrequencies.count)
        for position in positions {
            var sines: [Float] = []
            for frequency in inverseFrequencies {
                var cosine = 0.0, sine = 0.0
                unsafe ck_cos_sin(Double(position) * frequency, &cosine, &sine)
                values.append(Float(cosine) * factor)
                sines.append(Float(sine) * factor)
            }
            values += sines
        }
        return values
    }
}

extension Worker {
    /// Rotates x [positions.count, heads · headLength] in place, row i by the angles of `positions[i]`.
    public func rope(_ x: FloatBuffer, heads: Int, headLength: Int, positions: [Int], table: RopeTable) {
        check(x, heads: heads, headLength: headLength, rows: positions.count, table)
        forEachChunk(positions.count) { index in
            rotate(x, row: index, position: positions[index], heads: heads, headLength: headLength, table)
        }
        barrier()
    }

    /// Whether rows of heads can be rotated.
    func check(_ x: FloatBuffer, heads: Int, headLength: Int, rows: Int, _ table: RopeTable) {
        precondition(heads > 0 && 2 * table.pairs <= headLength, "more pairs than the head has")
        precondition(rows * heads * headLength <= x.count, "rows out of range")
    }

    /// Rotates one row by the angles of a position; no barrier.
    func rotate(_ x: FloatBuffer, row index: Int, position: Int, heads: Int, headLength: Int, _ table: RopeTable) {
        let row = table.angles.row(position)
        unsafe row.values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            unsafe set.table.pointee.rope(
                x.base + index * heads * headLength, heads, headLength, base + row.start,
                base + row.start + table.pairs, table.pairs, table.pairing == .adjacent ? 1 : 0)
        }
    }
}
