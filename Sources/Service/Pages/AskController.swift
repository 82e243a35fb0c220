import Foundation
import Hummingbird
import Inference
import Logging
import Retrieval
import Storage

/// `POST /ask`: a visitor's question to the assistant. A form gets a page, the page's script a stream of events.
///
/// It is a POST although nothing changes: a question in an address would stand in histories, in logs of proxies and in
/// caches, and every crawler that follows a link would make the model work.
struct AskController: Sendable {
    let pages: PageController
    let metrics: ServiceMetrics
    let log: ServiceLog

    func ask(_ request: Request, _ context: ClientContext) async throws -> Response {
        let form = try await PageForm(reading: request)
        let visitor = PageVisitor(request, chosen: form["lang"])
        let layout = try await pages.layout(visitor)
        let question = (form["q"] ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        let streams = request.headers[.accept]?.contains("text/event-stream") ?? false
        let section = pages.askSection(layout)
        guard let served = pages.assistant else {
            throw OpenAIError(
                .notFound, type: "invalid_request_error", message: "There is no assistant here.",
                code: "model_not_found")
        }
        if let problem = Self.problem(question, visitor) {
            if streams {
                throw OpenAIError(.badRequest, type: "invalid_request_error", message: problem, parameter: "q")
            }
            let main = section.page(question: String(question.prefix(AskSection.questionLimit)), problem: problem)
            return PageHeaders.response(
                layout.document(title: visitor.text("提问", "Ask"), path: "/", indexed: false, main: main),
                status: .badRequest, stored: false)
        }
        let meter = UsageMeter()
        // The question before, so that "and on Sundays?" can be understood.
        let earlier = (form["earlier"] ?? "").prefix(AskSection.questionLimit)
        let events = served.assistant(meter: meter, log: log)
            .stream(question, earlier: earlier.isEmpty ? [] : [ChatTurn(.user, String(earlier))])
        if streams { return stream(request, events, meter) }
        let answer = try await context.whileClientStays { try await AssistantController.whole(events) }
        record(answer, meter)
        let html = layout.document(
            title: visitor.text("回答", "Answer"), path: "/", indexed: false,
            main: section.page(answer: section.answer(answer), earlier: question))
        return PageHeaders.response(html, stored: false)
    }

    private static func problem(_ question: String, _ visitor: PageVisitor) -> String? {
        if question.isEmpty { return visitor.text("请先输入问题。", "Please enter a question first.") }
        guard question.count <= AskSection.questionLimit, question.utf8.count <= AskSection.questionLimit * 8 else {
            return visitor.text(
                "问题有 \(question.count) 个字，最多 \(AskSection.questionLimit) 个字，请缩短。",
                "The question has \(question.count) characters, at most \(AskSection.questionLimit): please shorten it."
            )
        }
        return nil
    }

    private func record(_ answer: Answer, _ meter: UsageMeter) {
        metrics.record(answered: answer.outcome != .notFound)
        if meter.usage.promptTokens > 0 { metrics.record(meter.usage) }
    }

    /// What the page's script reads.
    private struct Event: Encodable {
        var type: String
        var text: String?
        var citations: [Int]?
        var sources: [SourceView]?
        var answered: Bool?
    }

    private func stream(
        _ request: Request, _ events: AsyncThrowingStream<AnswerEvent, any Error>, _ meter: UsageMeter
    ) -> Response {
        EventStream.response(for: request, log: log, failure: "page stream failed") { stream, write in
            var passages: [PassageHit] = []
            var hasSentences = false
            for try await event in events {
                switch event {
                case .passages(let hits):
                    passages = hits
                    try await write(try stream.event(Event(type: "found")))
                case .sentence(let sentence, let citations):
                    hasSentences = true
                    try await write(
                        try stream.event(
                            Event(
                                type: "sentence", text: sentence.text, citations: sentence.citations,
                                sources: citations.map { SourceView($0, passages: passages) })))
                case .finished(let answer):
                    record(answer, meter)
                    try await write(
                        try stream.event(
                            Event(
                                type: "end", text: hasSentences ? nil : answer.text,
                                answered: answer.outcome != .notFound)))
                }
            }
        }
    }
}
