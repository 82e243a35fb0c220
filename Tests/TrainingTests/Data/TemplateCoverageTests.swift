import ChatTemplates
import Foundation
import TestSupport
import Testing
import Training

/// Every published template: the answers are found and are the messages' text, or there is a clear refusal.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct TemplateCoverageTests {
    private static let now = TemplateDate(secondsSince1970: 1_753_538_709)

    private static let controlTexts = [
        "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|start_header_id|>", "<|end_header_id|>", "</s>",
        "<s>", "<|end|>", "<end_of_turn>", "<turn|>", "<|turn>", "<|end_of_text|>", "<｜end▁of▁sentence｜>",
        "<｜begin▁of▁sentence｜>", "<|END_OF_TURN_TOKEN|>", "<|START_OF_TURN_TOKEN|>", "<|user|>", "<|observation|>",
        "<|assistant|>", "<|endoftext|>",
    ]
    private static let stopTexts = [
        "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "</s>", "<|end|>", "<end_of_turn>", "<turn|>", "<|end_of_text|>",
        "<｜end▁of▁sentence｜>", "<|END_OF_TURN_TOKEN|>", "<|user|>", "<|observation|>", "<|endoftext|>",
    ]

    private static func message(_ role: String, _ content: String) -> TemplateValue {
        .dict([("role", .string(role)), ("content", .string(content))])
    }

    private static let templates =
        (try? FileManager.default.contentsOfDirectory(
            atPath: Shared.folder.appendingPathComponent("reference/chat_templates/templates").path))?.sorted() ?? []

    private static let refusing = [
        "CohereForAI-c4ai-command-r-plus-tool_use.jinja", "GLM-4.6.jinja", "GLM-4.7-Flash.jinja",
        "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja", "NousResearch-Hermes-3-Llama-3.1-8B-tool_use.jinja",
        "fireworks-ai-llama-3-firefunction-v2.jinja",
    ]

    /// What is trained of a conversation, or the refusal.
    private static func trained(
        _ name: String, _ messages: [TemplateValue]
    ) throws -> Result<[(text: String, isContinuation: Bool)], RowProblem> {
        let source = String(
            decoding: try Shared.data("reference/chat_templates/templates/" + name), as: UTF8.self)
        let finder = AnswerFinder(
            template: try ChatTemplate(source: source), controlTexts: controlTexts, stopTexts: stopTexts,
            variables: [("bos_token", "<s>"), ("eos_token", "</s>")], now: now)
        do {
            let rendered = try finder.render(Conversation(messages: messages))
            let bytes = Array(rendered.text.utf8)
            return .success(
                rendered.spans.map { (String(decoding: bytes[$0.bytes], as: UTF8.self), $0.isContinuation) })
        } catch {
            return .failure(error)
        }
    }

    @Test("two turns: the answers themselves with a stop, in all published templates but those that refuse")
    func twoTurns() throws {
        let answers = ["Forty pallets, 第一 answer.", "  Two more; ask <|im_end|> the gate.\n"]
        var found = 0
        var refused: [String] = []
        for name in Self.templates {
            let messages = [
                Self.message("user", "How many?"), Self.message("assistant", answers[0]),
                Self.message("user", "And now?"), Self.message("assistant", answers[1]),
            ]
            switch try Self.trained(name, messages) {
            case .failure:
                refused.append(name)
            case .success(let spans):
                found += 1
                #expect(spans.count == 2, "\(name)")
                for (span, answer) in zip(spans, answers) {
                    let core = answer.trimmingCharacters(in: .whitespacesAndNewlines)
                    #expect(span.text.contains(core), "\(name): \(span.text)")
                    #expect(Self.stopTexts.contains { span.text.hasSuffix($0) }, "\(name): \(span.text)")
                    #expect(!span.text.contains("How many?") && !span.text.contains("And now?"), "\(name)")
                }
            }
        }
        // Those made for other things than chats, those that fail without tools, and GLM's, which end an answer with
        // the next turn's header.
        #expect(refused.filter { !$0.hasPrefix("construct-") } == Self.refusing)
        #expect(found == 40)
    }

    @Test("every conversation of the reference in every template: spans that keep to the rule, or a refusal")
    func everyConversation() throws {
        let value = try TemplateValue(json: try Shared.data("reference/chat_templates/conversations.json"))
        guard case .list(let conversations)? = value["conversations"] else { throw RowProblem.notAnObject }
        var spans = 0
        for name in Self.templates where !name.hasPrefix("construct-") {
            let source = String(
                decoding: try Shared.data("reference/chat_templates/templates/" + name), as: UTF8.self)
            let template = try ChatTemplate(source: source)
            for conversation in conversations {
                let variables = conversation["variables"]
                guard case .list(let messages)? = variables?["messages"] else { continue }
                let finder = AnswerFinder(
                    template: template, controlTexts: Self.controlTexts, stopTexts: Self.stopTexts,
                    variables: [("bos_token", "<s>"), ("eos_token", "</s>")], now: Self.now)
                let tools = variables?["tools"].flatMap { $0.isNone ? nil : $0 }
                guard let rendered = try? finder.render(Conversation(messages: messages, tools: tools)) else {
                    continue
                }
                spans += rendered.spans.count
                Self.check(rendered, messages, "\(name), \(conversation["name"] ?? .none)")
            }
        }
        #expect(spans > 1000)
    }

    private static func check(_ rendered: RenderedConversation, _ messages: [TemplateValue], _ name: String) {
        let bytes = Array(rendered.text.utf8)
        var end = 0
        for span in rendered.spans {
            #expect(span.bytes.lowerBound >= end, "\(name)")
            #expect(span.stop.upperBound == span.bytes.upperBound, "\(name)")
            #expect(stopTexts.contains(String(decoding: bytes[span.stop], as: UTF8.self)), "\(name)")
            end = span.bytes.upperBound
            let text = String(decoding: bytes[span.bytes], as: UTF8.self)
            for (index, message) in messages.enumerated() where index != span.message {
                guard case .string(let content)? = message["content"], content.count > 12,
                    !own(messages[span.message]).contains(content)
                else { continue }
                #expect(!text.contains(content), "\(name)")
            }
        }
    }

    private static func own(_ message: TemplateValue) -> String {
        guard case .string(let content)? = message["content"] else { return "" }
        return content
    }
}
