import ArgumentParser
import Foundation
import ModelFormats
import Tensors
import Transformers

/// `pallet bench`: tokens per second of prefill and decode, each the median of several runs.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: text("测量预填充与解码速度", "Measures prefill and decode speed."))

    @OptionGroup var model: ModelOptions
    @OptionGroup var threads: ThreadOptions
    @Option(help: ArgumentHelp(text("预填充的词元数，0 为不测", "tokens of a prefill; 0 for none"))) var prompt = 512
    @Option(help: ArgumentHelp(text("解码的词元数，0 为不测", "tokens of a decode; 0 for none"))) var generate = 64
    @Option(help: ArgumentHelp(text("此前已有的词元数", "tokens in the cache before"))) var depth = 0
    @Option(help: ArgumentHelp(text("重复次数，取中位数", "runs; the median counts"))) var runs = 3
    @Option var compute = "integer"
    @Flag var json = false

    func validate() throws {
        guard prompt >= 0, generate >= 0, depth >= 0, (1...1000).contains(runs) else {
            throw ValidationError(text("数值不得为负", "numbers must not be negative, runs at least 1"))
        }
    }

    private struct Row: Encodable {
        let test: String
        let tokens: Int
        let depth: Int
        let threads: Int
        let tokens_per_second: Double
        let runs: [Double]
        let cpu: String
        let kernels: String
    }

    func run() throws {
        let file = try ModelLoading(home: model.home.folder).open(model.model)
        let transformer = try TransformerModel(file: file, precision: Precision(option: compute))
        let limit = transformer.configuration.contextLength
        for count in [prompt, generate] where count > limit || depth > limit - count {
            throw TransformerError.contextExceeded(positions: count &+ depth, limit: limit)
        }
        let pool = try WorkerPool(threads: threads.count)
        let workspace = try Workspace(model: transformer, rows: 512)
        var rows: [Row] = []
        let cpu = Processor.name
        func measure(_ test: String, _ tokens: Int, _ body: (KeyValueCache) throws -> Void) throws {
            guard tokens > 0 else { return }
            var speeds: [Double] = []
            for _ in 0..<runs {
                let cache = try transformer.makeCache()
                try feed(depth, to: cache, transformer, workspace, pool)
                let start = ContinuousClock.now
                try body(cache)
                let elapsed = (ContinuousClock.now - start).components
                speeds.append(Double(tokens) / (Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18))
            }
            rows.append(
                Row(
                    test: test, tokens: tokens, depth: depth, threads: threads.count,
                    tokens_per_second: speeds.sorted()[speeds.count / 2], runs: speeds, cpu: cpu,
                    kernels: Processor.kernelSet))
        }
        try measure("prefill", prompt) { try feed(prompt, to: $0, transformer, workspace, pool) }
        try measure("decode", generate) { cache in
            for index in 0..<generate {
                let step = SequenceStep(cache: cache, tokens: [token(index, transformer)], logits: .last)
                _ = try transformer.forward([step], workspace: workspace, pool: pool)
            }
        }
        if json { return try Output.json(rows) }
        print(rows)
    }

    /// Tokens without meaning: speed does not depend on them.
    private func token(_ index: Int, _ transformer: TransformerModel) -> Int {
        (index * 7919 + 13) % transformer.vocabularySize
    }

    private func feed(
        _ count: Int, to cache: KeyValueCache, _ transformer: TransformerModel, _ workspace: Workspace,
        _ pool: WorkerPool
    ) throws {
        var done = 0
        while done < count {
            let size = min(512, count - done)
            let tokens = (done..<done + size).map { token($0, transformer) }
            let last = done + size == count
            _ = try transformer.forward(
                [SequenceStep(cache: cache, tokens: tokens, logits: last ? .last : .none)], workspace: workspace,
                pool: pool)
            done += size
        }
    }

    private func print(_ rows: [Row]) {
        var table = Table(
            header: [text("测试", "test"), text("词元", "tokens"), text("深度", "depth"), text("线程", "threads"), "tok/s"],
            rightAligned: [1, 2, 3, 4])
        for row in rows {
            table.add([
                row.test, "\(row.tokens)", "\(row.depth)", "\(row.threads)",
                String(format: "%.1f", row.tokens_per_second),
            ])
        }
        Output.line("\(Processor.name) · \(Processor.kernelSet)")
        Output.line(table.description)
    }
}

/// The machine that a figure was measured on.
enum Processor {
    /// As the operating system names it.
    static let name: String = {
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = info.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown CPU"
    }()

    /// The instruction set that the kernels use here.
    static var kernelSet: String { InstructionSet.current.name }
}
