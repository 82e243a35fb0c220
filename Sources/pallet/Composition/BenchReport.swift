import Foundation
import Tensors
import Transformers

/// What one test gave, over its rounds.
struct BenchRow: Encodable {
    let test: String
    let tokens: Int
    let depth: Int
    let threads: Int
    /// The median of `runs`.
    let tokens_per_second: Double
    let runs: [Double]
    /// Weights, keys and values that a decode reads.
    let bytes_per_second: Double?
    /// Of a prefill, an addition and a product counted as two.
    let operations_per_second: Double?
    /// Of the read bandwidth, or of the peak of the units that the operations need; nil where it was not measured.
    let share_of_limit: Double?

    init(_ test: ModelBench.Test, _ samples: [ModelBench.Sample], _ bench: ModelBench, threads: Int) {
        let seconds = samples.map(\.seconds).median
        self.threads = threads
        switch test {
        case .prefill(let count):
            (self.test, tokens, depth) = ("prefill", count, 0)
            let operations = bench.cost.operations(ofPrompt: count)
            operations_per_second = (operations.bytes + operations.floats) / seconds
            bytes_per_second = nil
        case .decode(let positions):
            (self.test, tokens, depth) = ("decode", bench.generated, positions)
            operations_per_second = nil
            bytes_per_second = bench.bytes(positions) / seconds
        }
        let count = Double(tokens)
        runs = samples.map { count / $0.seconds }
        tokens_per_second = count / seconds
        let limit = samples.map(\.limit).median
        share_of_limit = limit > 0 ? limit / seconds : nil
    }
}

/// Everything that `pallet bench` says, as JSON and as tables.
struct BenchReport: Encodable {
    struct Machine: Encodable {
        let cpu: String
        let kernels: String
        let limits: [MachineLimits]
    }

    struct Model: Encodable {
        let name: String
        let weight_bytes: Int
        let load_seconds: Double
        /// Of the process, without the buffer that measures the bandwidth.
        let peak_resident_bytes: Int?

        init(name: String, _ bench: ModelBench) {
            self.name = name
            weight_bytes = bench.model.residentBytes
            load_seconds = bench.loadSeconds
            peak_resident_bytes = Processor.peakResidentBytes.map { max(0, $0 - MachineMeasurement.bufferBytes) }
        }
    }

    let machine: Machine
    let model: Model?
    let results: [BenchRow]

    init(limits: [MachineLimits], model: Model? = nil, results: [BenchRow] = []) {
        machine = Machine(cpu: Processor.name, kernels: Processor.kernelSet, limits: limits)
        self.model = model
        self.results = results
    }

    func show(json: Bool) throws {
        if json { return try Output.json(self) }
        Output.line("\(machine.cpu) · \(machine.kernels)")
        Output.line(limitTable.description)
        guard let model else { return }
        Output.line("")
        Output.line(resultTable.description)
        let memory = model.peak_resident_bytes.map { String(format: "%.0f MB", Double($0) / 1e6) } ?? "?"
        let weights = String(format: "%.0f MB", Double(model.weight_bytes) / 1e6)
        let load = String(format: "%.2f", model.load_seconds)
        Output.note(
            text(
                "载入 \(load) 秒；权重 \(weights)，进程最多占用 \(memory)",
                "loaded in \(load) s; weights \(weights), the process at most \(memory)"))
    }

    private var limitTable: Table {
        var table = Table(
            header: [
                text("线程", "threads"), text("读取 GB/s", "read GB/s"), text("f32 乘加 GFLOP/s", "f32 GFLOP/s"),
                text("int8 乘加 GOP/s", "int8 GOP/s"),
            ], rightAligned: [0, 1, 2, 3])
        for limit in machine.limits {
            table.add([
                "\(limit.threads)", Self.billions(limit.read_bytes_per_second),
                Self.billions(limit.float_operations_per_second), Self.billions(limit.byte_operations_per_second),
            ])
        }
        return table
    }

    private var resultTable: Table {
        var table = Table(
            header: [
                text("测试", "test"), text("词元", "tokens"), text("深度", "depth"), text("线程", "threads"), "tok/s",
                text("最低–最高", "least–most"), "GB/s", "GOP/s", text("占上限", "of limit"),
            ], rightAligned: [1, 2, 3, 4, 5, 6, 7, 8])
        for row in results {
            let spread = String(format: "%.1f–%.1f", row.runs.min() ?? 0, row.runs.max() ?? 0)
            table.add([
                row.test, "\(row.tokens)", "\(row.depth)", "\(row.threads)",
                String(format: "%.1f", row.tokens_per_second), spread, Self.billions(row.bytes_per_second),
                Self.billions(row.operations_per_second),
                row.share_of_limit.map { String(format: "%.0f %%", $0 * 100) } ?? "",
            ])
        }
        return table
    }

    private static func billions(_ value: Double?) -> String {
        value.map { String(format: "%.1f", $0 / 1e9) } ?? ""
    }
}
