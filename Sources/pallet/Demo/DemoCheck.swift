import Foundation
import FoundationNetworking
import Inference
import Logging
import Service
import Synchronization

/// Asks the questions over HTTP, as a client would, and prints answers, sources and times.
struct DemoCheck {
    let serving: Serving
    let questions: [String]

    /// - Returns: the number of answers with sources.
    func run(_ configuration: PalletApplication.Configuration, logger: Logger) async throws -> Int {
        let (ports, signal) = AsyncStream<Int>.makeStream()
        return try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                try await serving.run(configuration, logger: logger) { signal.yield($0) }
                return nil
            }
            group.addTask {
                guard let port = await ports.first(where: { _ in true }) else { return 0 }
                var answered = 0
                for question in questions where try await ask(question, port: port) { answered += 1 }
                return answered
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let count = result {
                    guard count == questions.count else {
                        throw Failure(
                            .software, "只有 \(count)/\(questions.count) 个回答带出处",
                            "only \(count) of \(questions.count) answers came with sources")
                    }
                    return count
                }
            }
            throw Failure(.software, "服务提前结束", "the service ended early")
        }
    }

    private struct Reply: Decodable {
        struct Choice: Decodable {
            struct Message: Decodable { let content: String }
            let message: Message
        }
        struct Citation: Decodable {
            let number: Int
            let document: String
            let text: String
        }
        struct Usage: Decodable { let completion_tokens: Int }
        let choices: [Choice]
        let citations: [Citation]
        let usage: Usage?
    }

    private func ask(_ question: String, port: Int) async throws -> Bool {
        guard let url = URL(string: "http://127.0.0.1:\(port)/v1/chat/completions") else { return false }
        var request = URLRequest(url: url, timeoutInterval: 300)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONSerialization.data(withJSONObject: [
            "model": "assistant", "messages": [["role": "user", "content": question]],
        ])
        let start = Date()
        let (data, response) = try await URLSession.shared.data(for: request)
        let seconds = Date().timeIntervalSince(start)
        guard (response as? HTTPURLResponse)?.statusCode == 200 else {
            throw Failure(
                .software, "HTTP 出错：\(String(decoding: data, as: UTF8.self))", String(decoding: data, as: UTF8.self))
        }
        let reply = try JSONDecoder().decode(Reply.self, from: data)
        let content = reply.choices.first?.message.content ?? ""
        Output.line("\n" + text("问：", "Q: ") + question)
        Output.line(text("答：", "A: ") + content)
        for citation in reply.citations {
            Output.line("  [\(citation.number)] \(citation.document)  “\(citation.text.replacing("\n", with: " "))”")
        }
        let first = await serving.lastFirstTokenSeconds
        Output.line(
            text(
                "   HTTP 共 \(String(format: "%.2f", seconds)) 秒"
                    + (first.map { "，首字 \(String(format: "%.2f", $0)) 秒" } ?? ""),
                "   \(String(format: "%.2f", seconds)) s over HTTP"
                    + (first.map { ", first token after \(String(format: "%.2f", $0)) s" } ?? "")))
        return !reply.citations.isEmpty
    }
}

/// Keeps the last usage that was told.
final class DemoMeter: Sendable {
    private let state = Mutex<GenerationUsage?>(nil)

    var usage: GenerationUsage? { state.withLock { $0 } }

    func set(_ usage: GenerationUsage) { state.withLock { $0 = usage } }
}
