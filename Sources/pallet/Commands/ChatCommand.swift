import ArgumentParser
import Foundation
import Inference

/// `pallet chat`: a conversation in the terminal; `/clear` begins anew, `/exit` or the end of input ends it.
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: text("在终端与模型对话", "Talks with a model in the terminal."))

    @OptionGroup var model: ModelOptions
    @OptionGroup var adapter: AdapterOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var cache: CacheOptions
    @Option(help: ArgumentHelp(text("系统提示", "system text"))) var system: String?
    @Option(name: .customLong("max-tokens")) var maxTokens = 512
    @Option var temperature = 0.7
    @Option(name: .customLong("top-p")) var topP = 0.9
    @Option var seed: UInt64?

    func run() async throws {
        let settings = Engine.Settings(threads: threads.count)
        let language = try ModelLoading(home: model.home.folder).load(
            model.model, adapter: adapter.adapter, threads: threads.count, cacheElement: cache.element,
            context: settings.contextLength)
        let engine = try Engine(model: language, settings: settings)
        let first = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
        var messages = first
        Output.note(
            text("与 \(language.name) 对话。/clear 重新开始，/exit 结束。", "Talking with \(language.name). /clear, /exit."))
        while let line = prompt() {
            let question = line.trimmingCharacters(in: .whitespacesAndNewlines)
            if question.isEmpty { continue }
            if question == "/exit" { break }
            if question == "/clear" {
                messages = first
                continue
            }
            messages.append(ChatMessage(role: "user", content: question))
            do {
                messages.append(ChatMessage(role: "assistant", content: try await answer(messages, engine)))
            } catch let error as GenerationError {
                messages.removeLast()
                Output.note(text(Failure.chinese(error), "\(error)"))
            }
        }
    }

    private func prompt() -> String? {
        if isatty(STDIN_FILENO) == 1 { Output.write("> ") }
        return readLine()
    }

    private func answer(_ messages: [ChatMessage], _ engine: Engine) async throws -> String {
        let sampling = SamplingParameters(
            temperature: temperature, topP: topP, seed: seed ?? UInt64.random(in: 0...UInt64.max))
        let request = GenerationRequest(
            prompt: try engine.model.prompt(messages, now: .current), maxTokens: maxTokens, sampling: sampling)
        var answer = ""
        for try await event in engine.generate(request) {
            switch event {
            case .prompt: break
            case .token(_, let text, _):
                answer += text
                Output.write(text)
            case .finished(_, let text, let usage):
                answer += text
                Output.line(text)
                Output.note(usage.summary)
            }
        }
        return answer
    }
}
