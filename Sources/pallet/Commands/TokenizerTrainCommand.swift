import ArgumentParser
import Foundation
import Tokenizers

/// `pallet tokenizer train`: a byte-level BPE vocabulary from texts, as a Hugging Face tokenizer.
struct TokenizerTrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: text("从自己的文本训练词表（字节级 BPE）", "Trains a byte-level BPE vocabulary on your own texts."))

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(text("文本文件或目录（.txt .md .jsonl .json）", "text files or folders (.txt .md .jsonl .json)")))
    var data: [String]
    @Option(help: ArgumentHelp(text("词表大小", "number of tokens"))) var size = 6400
    @Option(help: ArgumentHelp(text("切分规则：qwen2、llama3 或 gpt2", "split rule: qwen2, llama3 or gpt2")))
    var split = "qwen2"
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(text("控制词元（默认 ChatML 的三个）", "control tokens (default: the three of ChatML)")))
    var special: [String] = []
    @Option(
        name: .customLong("min-frequency"),
        help: ArgumentHelp(text("合并至少出现的次数", "how often a pair must occur to be merged")))
    var minimumFrequency = 2
    @Option(
        name: .customLong("max-memory-mb"),
        help: ArgumentHelp(text("统计词时的内存上限（MB）", "bound on memory for counted words in MB")))
    var maximumMegabytes = 256
    @Option(help: ArgumentHelp(text("输出目录", "folder to write"))) var output: String

    func run() throws {
        var settings = BytePairTrainingSettings(vocabularySize: size, split: try splitRule())
        if !special.isEmpty { settings.specialTokens = special }
        settings.minimumFrequency = minimumFrequency
        settings.maximumWordBytes = maximumMegabytes > 1024 ? .max : maximumMegabytes << 20
        let folder = URL(fileURLWithPath: output, isDirectory: true)
        if FileManager.default.fileExists(atPath: folder.appendingPathComponent("tokenizer.json").path) {
            throw Failure(
                .cannotCreate, "\(output) 中已有 tokenizer.json：请换一个目录，或先删除它",
                "\(output) has a tokenizer.json already: give another folder, or remove it first")
        }
        let trained = try train(settings)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, file) in try trained.definition.huggingFaceFiles().sorted(by: { $0.key < $1.key }) {
            try file.write(to: folder.appendingPathComponent(name), options: .atomic)
        }
        report(trained)
        Output.line(folder.path)
    }

    private func splitRule() throws -> BytePairTrainingSettings.Split {
        switch split {
        case "qwen2": return .qwen2
        case "llama3", "llama-bpe": return .llama3
        case "gpt2", "gpt-2": return .gpt2
        default:
            throw Failure(
                .usage, "--split 应为 qwen2、llama3 或 gpt2，而不是 \(split)",
                "--split must be qwen2, llama3 or gpt2, not \(split)")
        }
    }

    private func train(_ settings: BytePairTrainingSettings) throws -> TrainedBytePairVocabulary {
        do {
            var trainer = try BytePairTrainer(settings)
            var source = try TextSource(data)
            let reading = ProgressBar(text("读取文本", "reading texts"), unit: .bytes)
            let total = source.bytes
            try source.forEach(progress: { reading.update($0, of: total) }) { trainer.add($0) }
            if source.badLines > 0 {
                let first = source.firstBadLine ?? ""
                Output.note(
                    text(
                        "\(source.badLines) 行不是 JSON，已略去（第一处：\(first)）",
                        "\(source.badLines) lines are not JSON and were left out (the first: \(first))"))
            }
            if source.emptyRows > 0 {
                Output.note(
                    text("\(source.emptyRows) 行没有文本字段", "\(source.emptyRows) rows have no field with a text"))
            }
            let learning = ProgressBar(text("学习合并", "learning merges"), unit: .items(text("词元", "tokens")))
            return try trainer.train { learning.update(Int64($0), of: Int64($1)) }
        } catch let error as BytePairTrainingError {
            throw Failure(error == .noText ? .data : .usage, Failure.chinese(error), "\(error)")
        }
    }

    private func report(_ trained: TrainedBytePairVocabulary) {
        let tokens = trained.definition.tokens.count
        let statistics = trained.statistics
        Output.note(
            text(
                "词表 \(tokens) 个词元，来自 \(statistics.textBytes) 字节、\(statistics.distinctWords) 个不同的词",
                "\(tokens) tokens, from \(statistics.textBytes) bytes with \(statistics.distinctWords) distinct words"))
        if tokens < size {
            Output.note(
                text(
                    "文本太少：没有更多出现 \(minimumFrequency) 次以上的组合",
                    "too little text: no more pairs occur \(minimumFrequency) times or more"))
        }
        if statistics.droppedOccurrences > 0 {
            Output.note(
                text(
                    "为守住内存上限，略去了少见的词，共 \(statistics.droppedOccurrences) 次出现",
                    "to keep the bound on memory, rare words were dropped: \(statistics.droppedOccurrences) occurrences"
                ))
        }
    }
}
