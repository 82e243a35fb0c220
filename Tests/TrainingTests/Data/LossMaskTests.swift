import ChatTemplates
import Foundation
import TestSupport
import Testing
import Tokenizers
import Training

/// Masks against the reference's conversations and against published templates.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct LossMaskTests {
    private static let now = TemplateDate("2025-07-26 14:05:09") ?? TemplateDate(secondsSince1970: 0)

    private static func tokenizer() throws -> Tokenizer {
        let config = try Shared.data("reference/training/bases/llama/tokenizer_config.json")
        let files = [
            "tokenizer.json": try Shared.data("reference/training/loss-masks/tokenizer.json"),
            "tokenizer_config.json": config,
        ]
        return try Tokenizer(try TokenizerDefinition(huggingFaceFiles: files))
    }

    private static func template(_ path: String) throws -> ChatTemplate {
        try ChatTemplate(source: String(decoding: try Shared.data(path), as: UTF8.self))
    }

    private static func lines(_ path: String) throws -> [TemplateValue] {
        try Shared.data(path).split(separator: UInt8(ascii: "\n")).map { try TemplateValue(json: $0) }
    }

    private static func numbers(_ value: TemplateValue?) -> [Int] {
        guard case .list(let items)? = value else { return [] }
        return items.compactMap { if case .int(let number) = $0 { number } else { nil } }
    }

    private static func list(_ value: TemplateValue?) -> [TemplateValue] {
        guard case .list(let items)? = value else { return [] }
        return items
    }

    private static func text(_ value: TemplateValue?) -> String {
        guard case .string(let text)? = value else { return "" }
        return text
    }

    @Test("20 conversations: ids and masks, all answers and the last one")
    func referenceConversations() throws {
        let tokenizer = try Self.tokenizer()
        let template = try Self.template("reference/training/loss-masks/template.jinja")
        var count = 0
        for line in try Self.lines("reference/training/loss-masks/conversations.jsonl") {
            let name = Self.text(line["name"])
            for answers in [EncodingSettings.TrainedAnswers.all, .last] {
                var settings = EncodingSettings()
                settings.parsesControlTexts = true
                settings.trainedAnswers = answers
                let encoder = RowEncoder(tokenizer: tokenizer, template: template, settings: settings, now: Self.now)
                let row = try encoder.row(Conversation(messages: Self.list(line["messages"])))
                #expect(row.tokens.map(Int.init) == Self.numbers(line["input_ids"]), "\(name)")
                let mask = row.labels.map { $0 == TrainingRow.ignored ? 0 : 1 }
                #expect(mask == Self.numbers(line[answers == .all ? "mask" : "mask_last"]), "\(name), \(answers)")
                #expect(zip(row.tokens, row.labels).allSatisfy { $0 == $1 || $1 == TrainingRow.ignored })
            }
            count += 1
        }
        #expect(count == 20)
    }

    @Test("50 conversations of five families: the spans, byte for byte, and which are true continuations")
    func publishedTemplates() throws {
        var spans = 0
        for line in try Self.lines("reference/chat_templates/masks.jsonl") {
            let name = Self.text(line["name"])
            let variables = line["variables"]
            let template = try Self.template("reference/chat_templates/" + Self.text(line["template"]))
            let finder = AnswerFinder(
                template: template, controlTexts: ["<|im_start|>", "<|im_end|>", "<|eot_id|>", "<s>", "</s>"],
                stopTexts: ["<|im_end|>", "<|eot_id|>", "</s>"],
                variables: ["bos_token", "eos_token"].map { ($0, variables?[$0] ?? .none) }, now: Self.now)
            let rendered: RenderedConversation
            do {
                rendered = try finder.render(
                    Conversation(messages: Self.list(variables?["messages"]), tools: variables?["tools"]))
            } catch {
                Issue.record("\(name): \(error)")
                continue
            }
            #expect(rendered.text == Self.text(line["text"]), "\(name)")
            let expected = Self.list(line["byte_ranges"]).map(Self.numbers)
            #expect(rendered.spans.map { [$0.bytes.lowerBound, $0.bytes.upperBound] } == expected, "\(name)")
            #expect(rendered.spans.map(\.message) == Self.numbers(line["messages"]), "\(name)")
            let unchanged = Self.list(line["unchanged"]).map { if case .bool(let truth) = $0 { truth } else { false } }
            #expect(rendered.spans.map(\.isContinuation) == unchanged, "\(name)")
            spans += rendered.spans.count
        }
        #expect(spans == 100)
    }
}
