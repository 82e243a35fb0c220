import Synchronization
import Tensors
import Testing

/// Matrices that several threads read and pack: the same as one thread makes, and errors get through.
struct WeightPackingTests {
    struct Broken: Error {}

    /// Rows that fill no group of 16 and no piece, and widths from one block to rows larger than a piece.
    @Test(arguments: [(1, 32), (16, 64), (129, 96), (1000, 992), (300, 8192)], [Precision.integer, .exact])
    func threadsPackTheSame(shape: (rows: Int, columns: Int), precision: Precision) throws {
        var generator = Generator(UInt64(shape.rows))
        let values = generator.values(shape.rows * shape.columns)
        for type in [ElementType.q8_0, .q4_0, .f32] {
            let bytes = try Quantisation.encode(values, type: type)
            let width = bytes.count / shape.rows
            let alone = try WeightMatrix(rows: shape.rows, columns: shape.columns, type: type, precision: precision) {
                Array(bytes[$0.lowerBound * width..<$0.upperBound * width])
            }
            for threads in [1, 2, 3, 7] {
                let asked = Mutex<[Range<Int>]>([])
                let matrix = try WeightMatrix(
                    rows: shape.rows, columns: shape.columns, type: type, precision: precision,
                    pool: try WorkerPool(threads: threads)
                ) { range in
                    asked.withLock { $0.append(range) }
                    return Array(bytes[range.lowerBound * width..<range.upperBound * width])
                }
                let ranges = asked.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
                #expect(ranges.flatMap(Array.init) == Array(0..<shape.rows), "every row once")
                #expect(ranges.allSatisfy { $0.lowerBound % 16 == 0 }, "groups stay together")
                for row in 0..<shape.rows where row % 37 == 0 || row == shape.rows - 1 {
                    #expect(try matrix.row(row) == alone.row(row), "\(type), row \(row)")
                }
            }
        }
    }

    @Test func errorsOfAnyPieceAreThrown() throws {
        let pool = try WorkerPool(threads: 3)
        for broken in [0, 130, 999] {
            #expect(throws: Broken.self) {
                try WeightMatrix(rows: 1000, columns: 1024, type: .f32, precision: .integer, pool: pool) { range in
                    if range.contains(broken) { throw Broken() }
                    return [UInt8](repeating: 0, count: range.count * 4096)
                }
            }
            #expect(throws: TensorError.self) {
                try WeightMatrix(rows: 1000, columns: 1024, type: .f32, precision: .integer, pool: pool) { range in
                    [UInt8](repeating: 0, count: range.count * 4096 - (range.contains(broken) ? 1 : 0))
                }
            }
        }
    }
}
