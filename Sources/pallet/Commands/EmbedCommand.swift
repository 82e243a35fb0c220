import ArgumentParser
import Foundation
import Inference
import ModelFormats
import Tensors

/// `pallet embed`: texts become vectors; JSON strings in, JSON lines out, in their order.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: text("文本 → 句向量（每行一个 JSON 字符串，或一个 JSON 数组）", "Texts → vectors: JSON strings, one a line or as a list.")
    )

    @OptionGroup var model: ModelOptions
    @OptionGroup var threads: ThreadOptions
    @Option(help: ArgumentHelp(text("输入文件（默认：标准输入）", "file to read (default: standard input)"))) var input: String?
    @Option(
        help: ArgumentHelp(
            text("合并方式：cls、mean、last（默认：模型所定）", "cls, mean or last (default: what the model says)")))
    var pooling: String?
    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(text("向量长度归一", "bring vectors to length 1")))
    var normalize = true
    @Option(
        help: ArgumentHelp(
            text("加在每段文本前，例如 \"query: \"", "put before each text, e.g. \"query: \""), valueName: "text"))
    var prefix = ""
    @Option(help: ArgumentHelp(text("精度：integer 或 f32", "integer or f32 (exact, slower)"))) var compute = "integer"

    /// Texts that are computed before their vectors are printed.
    private static let batch = 64

    func validate() throws {
        if let pooling, Pooling(rawValue: pooling) == nil {
            throw ValidationError(text("--pooling 应为 cls、mean 或 last", "--pooling must be cls, mean or last"))
        }
        _ = try Precision(option: compute)
    }

    func run() async throws {
        let texts = try JSONTexts(file: input).strings()
        let file = try ModelLoading(home: model.home.folder).open(model.model)
        let embedder = try SentenceEmbedder(
            name: ModelLoading.servedName(model.model), file: file, threads: threads.count,
            precision: Precision(option: compute), pooling: pooling.flatMap { Pooling(rawValue: $0) })
        var cut = 0
        for start in stride(from: 0, to: texts.count, by: Self.batch) {
            let part = texts[start..<min(texts.count, start + Self.batch)].map { prefix + $0 }
            for embedding in try await embedder.embeddings(of: part, normalised: normalize) {
                if embedding.truncated { cut += 1 }
                // The shortest digits that read back to the same f32.
                Output.line("[" + embedding.vector.map { "\($0)" }.joined(separator: ",") + "]")
            }
        }
        if cut > 0 {
            Output.note(
                text(
                    "注意：\(cut) 段文本超过 \(embedder.contextLength) 个词元，末尾未计入向量",
                    "note: \(cut) texts were longer than \(embedder.contextLength) tokens; their ends are not in the vectors"
                ))
        }
    }
}
