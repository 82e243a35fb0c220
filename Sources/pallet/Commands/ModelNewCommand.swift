import ArgumentParser
import Foundation
import Tokenizers
import Training

/// `pallet model new`: the folder of a model to be trained from scratch, without weights.
struct ModelNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: text("规划一个从零训练的模型（只有配置与词表）", "Plans a model to train from scratch (no weights yet)."))

    @Option(help: ArgumentHelp(text("参数量，如 5M、26M、1.5B", "number of parameters: 5M, 26M, 1.5B"))) var parameters:
        String?
    @Option(help: ArgumentHelp(text("层数（代替 --parameters）", "number of blocks (instead of --parameters)"))) var depth:
        Int?
    @Option(
        help: ArgumentHelp(text("分词器目录（pallet tokenizer train 的输出）", "tokenizer folder (of pallet tokenizer train)")))
    var tokenizer: String
    @Option(help: ArgumentHelp(text("上下文长度（词元）", "context in tokens"))) var context = 512
    @Option(help: ArgumentHelp(text("架构：llama 或 qwen3", "architecture: llama or qwen3"))) var architecture = "llama"
    @Option(help: ArgumentHelp(text("输出目录", "folder to write"))) var output: String

    func validate() throws {
        guard (parameters == nil) != (depth == nil) else {
            throw ValidationError(
                text("请给出 --parameters 或 --depth 之一", "give one of --parameters and --depth"))
        }
    }

    func run() throws {
        guard let family = ModelPlan.Family(rawValue: architecture) else {
            throw Failure(
                .usage, "--architecture 应为 llama 或 qwen3，而不是 \(architecture)",
                "--architecture must be llama or qwen3, not \(architecture)")
        }
        let tokenizer = try loadTokenizer()
        let size = tokenizer.vocabularySize
        do {
            let plan =
                if let depth {
                    try ModelPlan(family: family, depth: depth, vocabulary: size, context: context)
                } else {
                    try ModelPlan(
                        family: family, parameters: try Self.count(parameters ?? ""), vocabulary: size,
                        context: context)
                }
            try plan.write(to: URL(fileURLWithPath: output, isDirectory: true), tokenizer: tokenizer)
            report(plan)
        } catch let error as ModelPlanError {
            let code: Failure.Code =
                switch error {
                case .exists, .cannotWrite: .cannotCreate
                default: .usage
                }
            throw Failure(code, Failure.chinese(error), "\(error)")
        }
        Output.line(output)
    }

    private func report(_ plan: ModelPlan) {
        let millions = String(format: "%.2f", Double(plan.parameters) / 1e6)
        let share = String(format: "%.0f", 100 * Double(plan.embedding) / Double(plan.parameters))
        let shape = "\(plan.depth) × \(plan.width)"
        Output.note(
            text(
                "\(plan.family.rawValue)，\(millions)M 参数：\(shape)，\(plan.heads)/\(plan.kvHeads) 头，前馈 \(plan.inner)，"
                    + "词表 \(plan.vocabulary)（占 \(share)%），上下文 \(plan.context)",
                "\(plan.family.rawValue), \(millions)M parameters: \(shape), \(plan.heads)/\(plan.kvHeads) heads, inner "
                    + "\(plan.inner), vocabulary \(plan.vocabulary) (\(share) %), context \(plan.context)"))
        if plan.embedding * 2 > plan.parameters {
            Output.note(
                text(
                    "词表占去一半以上的参数：词表小些，或模型大些会更好",
                    "the vocabulary takes more than half of the parameters: a smaller one or a larger model does better"
                ))
        }
    }

    private func loadTokenizer() throws -> Tokenizer {
        let folder = URL(fileURLWithPath: tokenizer, isDirectory: true)
        let names = [
            "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
            "generation_config.json", "chat_template.jinja",
        ]
        var files: [String: Data] = [:]
        for name in names {
            let path = folder.appendingPathComponent(name).path
            if FileManager.default.fileExists(atPath: path) { files[name] = try InputFile.data(path) }
        }
        if files.isEmpty {
            throw Failure(
                .noInput, "\(tokenizer) 不是分词器目录：没有 tokenizer.json",
                "\(tokenizer) is no tokenizer folder: there is no tokenizer.json")
        }
        return try Tokenizer(TokenizerDefinition(huggingFaceFiles: files))
    }

    /// `5M`, `1.5B`, `800k`, `5000000`.
    static func count(_ text: String) throws -> Int {
        let factors: [Character: Double] = ["k": 1e3, "m": 1e6, "b": 1e9]
        let factor = text.lowercased().last.flatMap { factors[$0] }
        let number = Double(factor == nil ? text : String(text.dropLast()))
        guard let number, number > 0, number * (factor ?? 1) < 1e15 else {
            throw Failure(
                .usage, "--parameters 应如 5M、26M、1.5B，而不是 \(text)",
                "--parameters must be like 5M, 26M or 1.5B, not \(text)")
        }
        return Int(number * (factor ?? 1))
    }
}
