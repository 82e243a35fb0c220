public import ModelFormats
public import Tensors

/// What products and memory reach on this machine, with the threads of a pool.
public struct MachineSpeed: Sendable, Equatable {
    /// Floating-point operations a second of products of a model's shape.
    public var operations: Double
    /// Bytes a second that a copy reads and writes.
    public var bytes: Double

    /// Floating-point operations a second of multiply-adds in registers: the most that the units can do.
    public var peak: Double

    /// Makes the value from its parts.
    public init(operations: Double, bytes: Double, peak: Double) {
        self.operations = operations
        self.bytes = bytes
        self.peak = peak
    }

    /// Measures for about half a second, with the widths of a model's feed-forward part.
    public init(measuredFor file: ModelFile, rows: Int, pool: WorkerPool, seconds: () -> Double) throws {
        let c = file.configuration
        let m = min(max(rows, 48), 1024), depth = c.embeddingLength, n = c.feedForwardLength
        let x = try FloatBuffer(count: m * depth), y = try FloatBuffer(count: m * n)
        let weights = try FloatBuffer(count: n * depth)
        let panels = try FloatBuffer(count: PackedFactor.floats(m: m, depth: depth))
        operations = Self.rate(work: 2 * Double(m) * Double(n) * Double(depth), for: 0.33, seconds) {
            pool.run { worker in
                let packed = PackedFactor(in: panels, m: m, depth: depth)
                worker.pack(MatrixView(x, rows: m, columns: depth), into: packed)
                worker.compute([
                    ProductSum(
                        [(packed, .turned(MatrixView(weights, rows: n, columns: depth)))],
                        into: MatrixView(y, rows: m, columns: n))
                ])
            }
        }
        // Larger than the caches of small servers.
        let rows = 4096, columns = 2048
        let from = try FloatBuffer(count: rows * columns), to = try FloatBuffer(count: rows * columns)
        bytes = Self.rate(work: 8 * Double(rows * columns), for: 0.15, seconds) {
            pool.run { worker in
                worker.copy(
                    MatrixView(from, rows: rows, columns: columns), to: MatrixView(to, rows: rows, columns: columns))
            }
        }

        // The best of many short pieces: whatever else runs for a moment is not the units' fault.
        var best = 0.0
        for _ in 0..<40 {
            let start = seconds()
            let done = Worker.multiplyAdds(rounds: 400_000, pool: pool)
            best = max(best, Double(done) / max(seconds() - start, 1e-9))
        }
        peak = best
    }

    private static func rate(work: Double, for span: Double, _ seconds: () -> Double, _ body: () -> Void) -> Double {
        body()
        var done = 0.0
        let start = seconds()
        repeat {
            body()
            done += work
        } while seconds() - start < span
        return done / max(seconds() - start, 1e-9)
    }
}
