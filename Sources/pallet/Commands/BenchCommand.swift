import ArgumentParser
import Foundation
import ModelFormats
import Tensors
import Transformers

/// `pallet bench`: what the machine can do at most, and what share of it prefill and decode reach.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: text(
            "测量机器的上限，以及预填充与解码达到其中多少",
            "Measures the machine's limits, and what share of them prefill and decode reach."))

    @Option(
        help: ArgumentHelp(
            text("模型：目录中的名称、GGUF 文件或 Hugging Face 目录", "catalogue name, GGUF file or Hugging Face folder")))
    var model: String?
    @OptionGroup var home: HomeOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var cache: CacheOptions
    @Flag(help: ArgumentHelp(text("只测量机器", "measure the machine only"))) var machine = false
    @Option(help: ArgumentHelp(text("预填充的词元数，逗号分隔，0 为不测", "tokens of a prefill, several with commas; 0 for none")))
    var prompt = "512"
    @Option(help: ArgumentHelp(text("解码的词元数，0 为不测", "tokens of a decode; 0 for none"))) var generate = 64
    @Option(help: ArgumentHelp(text("解码前已有的词元数，逗号分隔", "tokens in the cache before a decode, several with commas")))
    var depths = "0,1024,4096"
    @Option(help: ArgumentHelp(text("重复次数，取中位数", "runs; the median counts"))) var repeats = 5
    @Option(help: ArgumentHelp(text("精度：integer 或 f32", "integer or f32 (exact, slower)"))) var compute = "integer"
    @Flag(help: ArgumentHelp(text("输出 JSON", "print JSON"))) var json = false
    @Flag(
        name: .customLong("in-turns"),
        help: ArgumentHelp(
            text(
                "从标准输入逐行读取 prefill N、decode N 或 limits，每行回答一行 JSON，便于与其他程序轮流测量",
                "read lines `prefill N`, `decode N` or `limits` and answer each with a line of JSON, to take turns with"
                    + " other programs")))
    var inTurns = false

    func validate() throws {
        guard generate >= 0, generate <= 1 << 20, (1...1000).contains(repeats) else {
            throw ValidationError(
                text(
                    "--generate 不得为负，--repeats 应在 1 到 1000 之间",
                    "--generate must not be negative, --repeats from 1 to 1000"))
        }
        _ = try (BenchNumbers(prompt, of: "--prompt"), BenchNumbers(depths, of: "--depths"))
        _ = try Precision(option: compute)
        guard machine || model != nil else {
            throw ValidationError(text("请给出 --model 或 --machine", "give --model or --machine"))
        }
    }

    func run() throws {
        // All thread counts where the machine is what is asked for, the model's own beside a model.
        let counts = machine ? MachineMeasurement.counts(upTo: threads.count) : [threads.count]
        var measurement = try MachineMeasurement(threads: counts)
        guard let model, !machine else {
            for _ in 0..<repeats { measurement.measure() }
            return try BenchReport(limits: measurement.limits).show(json: json)
        }
        let bench = try ModelBench(
            file: ModelLoading(home: home.folder).openWriter(model), precision: Precision(option: compute),
            cacheElement: cache.element, threads: threads.count, generated: generate)
        if inTurns { return try answerLines(bench, &measurement) }

        let tests = try tests(bench)
        var samples = Array(repeating: [ModelBench.Sample](), count: tests.count)
        for _ in 0..<repeats {
            measurement.measure()
            for (index, test) in tests.enumerated() {
                samples[index].append(try bench.time(test, limits: measurement.last))
            }
        }
        let rows = tests.indices.map { BenchRow(tests[$0], samples[$0], bench, threads: threads.count) }
        try BenchReport(limits: measurement.limits, model: .init(name: model, bench), results: rows).show(json: json)
    }

    /// What was asked for, the deepest decode first, so that others take their positions from it. Depths that were
    /// not asked for are left out where the model has no room.
    private func tests(_ bench: ModelBench) throws -> [ModelBench.Test] {
        let context = bench.model.configuration.contextLength
        let standard = depths == "0,1024,4096"
        let prompts = try BenchNumbers(prompt, of: "--prompt").values.filter { $0 > 0 }
        let behind = try BenchNumbers(depths, of: "--depths").values.filter { !standard || $0 + generate <= context }
        let decodes = generate > 0 ? behind : []
        let tests =
            prompts.map { ModelBench.Test.prefill($0) }
            + decodes.sorted(by: >).map { ModelBench.Test.decode(depth: $0) }
        for test in tests { try bench.check(test) }
        return tests
    }

    private func answerLines(_ bench: ModelBench, _ measurement: inout MachineMeasurement) throws {
        while let line = readLine() {
            let words = line.split(separator: " ")
            let number = words.count == 2 ? Int(words[1]) ?? -1 : 0
            let test: ModelBench.Test
            switch (words.first, number) {
            case ("limits", _):
                measurement.measure()
                try Output.json(measurement.latest)
                continue
            case ("prefill", 1...(1 << 24)): test = .prefill(number)
            case ("decode", 0...(1 << 24)): test = .decode(depth: number)
            default: throw Failure(.data, "无法理解的一行：\(line)", "a line that says nothing known: \(line)")
            }
            try bench.check(test)
            let sample = try bench.time(test, limits: measurement.latest.last)
            try Output.json(BenchRow(test, [sample], bench, threads: threads.count))
        }
    }
}

/// Numbers with commas between them.
struct BenchNumbers {
    let values: [Int]

    init(_ list: String, of option: String) throws {
        values = try list.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let value = Int(part.trimmingCharacters(in: .whitespaces)), (0...(1 << 24)).contains(value) else {
                throw ValidationError(
                    text(
                        "\(option) 应为逗号分隔的非负整数，而不是 \(list)",
                        "\(option) must be whole numbers with commas between them, not \(list)"))
            }
            return value
        }
    }
}
