import ArgumentParser
import ChatTemplates
import Foundation
import Inference
import ModelFormats
import Tensors
import Tokenizers
import Transformers

/// `pallet generate`: one answer for each prompt, as text or as JSON lines.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: text("用模型续写或回答", "Continues a text or answers a chat with a model."))

    @OptionGroup var model: ModelOptions
    @OptionGroup var adapter: AdapterOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup var prefixCache: PrefixCacheOptions
    @Option(help: ArgumentHelp(text("要续写的文本", "text to continue"))) var prompt: String?
    @Option(help: ArgumentHelp(text("JSON 文件：一组或多组词元编号", "JSON file: one list of token ids, or several")))
    var tokens: String?
    @Option(help: ArgumentHelp(text("JSON 文件：一段或多段对话消息", "JSON file: the messages of one chat, or several")))
    var messages: String?
    @Option(name: .customLong("max-tokens"), help: ArgumentHelp(text("最多生成的词元数", "most tokens of an answer")))
    var maxTokens = 256
    @Option(help: ArgumentHelp(text("温度，0 为贪心", "temperature; 0 is greedy"))) var temperature = 0.0
    @Option(name: .customLong("top-k"), help: "top-k") var topK = 0
    @Option(name: .customLong("top-p"), help: "top-p") var topP = 1.0
    @Option(name: .customLong("min-p"), help: "min-p") var minP = 0.0
    @Option(help: ArgumentHelp(text("随机种子", "seed of the draws"))) var seed: UInt64 = 0
    @Option(help: ArgumentHelp(text("遇到此字符串即停止（可多次）", "stop before this text (repeatable)"))) var stop: [String] = []
    @Flag(name: .customLong("ignore-eos"), help: ArgumentHelp(text("遇到结束符不停止", "go on behind the end of turn")))
    var ignoreEOS = false
    @Option(help: ArgumentHelp(text("精度：integer 或 f32", "integer or f32 (exact, slower)"))) var compute = "integer"
    @Flag(help: ArgumentHelp(text("输出 JSON 行", "print JSON lines"))) var json = false

    func validate() throws {
        guard [prompt, tokens, messages].compactMap(\.self).count == 1 else {
            throw ValidationError(
                text("请给出 --prompt、--tokens、--messages 之一", "give one of --prompt, --tokens, --messages"))
        }
        if maxTokens < 1 { throw ValidationError(text("--max-tokens 至少为 1", "--max-tokens must be at least 1")) }
        _ = try Precision(option: compute)
    }

    private struct Line: Encodable {
        let tokens: [Int]
        let text: String
        let finish_reason: String
    }

    func run() async throws {
        let loading = ModelLoading(home: model.home.folder)
        let language = try loading.load(
            model.model, precision: Precision(option: compute), adapter: adapter.adapter, threads: threads.count,
            cacheElement: cache.element)
        let lists = try prompts(language)
        let context = room(for: lists, in: language)
        try ContextMemory(
            language.transformer.configuration, positions: context, element: language.transformer.cacheElement
        ).check()
        var settings = Engine.Settings(threads: threads.count, contextLength: context)
        settings.savedPrefixes = try PrefixCaching(prefixCache, keeps: .everyPrompt)?.prefixes(
            model: try loading.locate(model.model),
            adapter: try adapter.adapter.map { try AdapterLoading(home: model.home.folder).locate($0) },
            compute: compute)
        let engine = try Engine(model: language, settings: settings)
        let sampling = SamplingParameters(temperature: temperature, topK: topK, topP: topP, minP: minP, seed: seed)
        for ids in lists {
            let request = GenerationRequest(
                prompt: ids, maxTokens: maxTokens, sampling: sampling, stop: stop, ignoreEndOfTurn: ignoreEOS)
            if json {
                let result = try await engine.complete(request)
                try Output.json(
                    Line(tokens: result.tokens, text: result.text, finish_reason: result.finishReason.rawValue))
            } else {
                try await stream(request, with: engine)
            }
        }
        // What is to be saved is written before the program ends.
        await engine.drain()
    }

    /// Positions that the longest prompt and its answer take, at most the model's: LongRoPE chooses by them.
    private func room(for lists: [[Int]], in language: LanguageModel) -> Int {
        let limit = language.transformer.configuration.contextLength
        let longest = min(limit, lists.reduce(0) { max($0, $1.count) })
        return longest + min(maxTokens, limit - longest)
    }

    private func stream(_ request: GenerationRequest, with engine: Engine) async throws {
        for try await event in engine.generate(request) {
            switch event {
            case .prompt: break
            case .token(_, let text, _): Output.write(text)
            case .finished(_, let text, let usage):
                Output.line(text)
                Output.note(usage.summary)
            }
        }
    }

    private func prompts(_ language: LanguageModel) throws -> [[Int]] {
        if let prompt {
            return [language.tokenizer.encode(prompt, addSpecial: true, parseSpecial: false)]
        }
        if let tokens { return try TokenLists(file: tokens).lists }
        guard let messages else { return [] }
        let value = try InputFile.json(messages)
        guard case .list(let items) = value else { throw InputFile.expected(messages, "a list of messages") }
        let chats: [TemplateValue] = if case .list? = items.first { items } else { [value] }
        return try chats.map { try language.prompt(messages: $0, tools: nil, now: .current) }
    }
}
