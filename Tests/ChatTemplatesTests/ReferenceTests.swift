import ChatTemplates
import TestSupport
import Testing

@Suite("Published templates against Jinja2", .enabled(if: Shared.available, Shared.hint))
struct ReferenceTests {
    @Test func expressions() throws {
        var failures: [String] = []
        let cases = try ReferenceCases.lines("expressions.jsonl")
        for (number, example) in cases.enumerated() {
            let source = example["template"]?.text ?? ""
            let outcome = ReferenceCases.Outcome {
                try ChatTemplate(source: source).render(
                    example["variables"]?.entries?.variables ?? [], now: ReferenceCases.now)
            }
            let difference = outcome.difference(from: example)
            if !difference.isEmpty { failures.append("line \(number + 1): \(source.debugDescription): \(difference)") }
        }
        #expect(cases.count == 400)
        #expect(
            failures.count == 0, "\(failures.count) of \(cases.count):\n\(failures.prefix(10).joined(separator: "\n"))")
    }

    @Test func templates() throws {
        let conversations = try ReferenceCases.conversations()
        var failures: [String] = []
        var count = 0
        for file in try ReferenceCases.templates() {
            let name = file.dropLast(".jinja".count)
            let expected = try ReferenceCases.json("expected/\(name).json")
            let compiled = Result { try ChatTemplate(source: try ReferenceCases.source(file)) }
            for (conversation, variables) in conversations {
                guard let wanted = expected["results"]?[conversation] else { continue }
                count += 1
                let outcome = ReferenceCases.Outcome {
                    try compiled.get().render(variables.variables, now: ReferenceCases.now)
                }
                let difference = outcome.difference(from: wanted)
                if !difference.isEmpty { failures.append("\(file) \(conversation): \(difference)") }
            }
        }
        #expect(count == 3190)
        #expect(failures.count == 0, "\(failures.count) of \(count):\n\(failures.prefix(10).joined(separator: "\n"))")
    }

    @Test func asApplicationsRender() throws {
        guard case .list(let cases) = try ReferenceCases.json("apply_chat_template.json") else { return }
        let conversations = try ReferenceCases.conversations()
        var failures: [String] = []
        for example in cases {
            let name = example["conversation"]?.text ?? ""
            guard let file = example["template"]?.text,
                var variables = conversations.first(where: { $0.name == name })?.variables,
                let messages = variables["messages"]
            else { throw ReferenceCases.Missing("conversation \(name)") }
            let tools = variables["tools"]
            let prompt = if case .bool(true)? = variables["add_generation_prompt"] { true } else { false }
            for key in ["messages", "tools", "add_generation_prompt"] { variables[key] = nil }
            let outcome = ReferenceCases.Outcome {
                try ChatTemplate(source: try ReferenceCases.source(file)).renderChat(
                    messages: messages, tools: tools, addGenerationPrompt: prompt, extra: variables.variables,
                    now: ReferenceCases.now)
            }
            let difference = outcome.difference(from: example)
            if !difference.isEmpty { failures.append("\(file) \(name): \(difference)") }
        }
        #expect(cases.count == 215)
        #expect(
            failures.count == 0, "\(failures.count) of \(cases.count):\n\(failures.prefix(10).joined(separator: "\n"))")
    }

    /// The texts whose ranges supervised tuning trains on.
    @Test func conversationsOfLossMasks() throws {
        let cases = try ReferenceCases.lines("masks.jsonl")
        var failures: [String] = []
        for example in cases {
            let file = (example["template"]?.text ?? "").dropFirst("templates/".count)
            let outcome = ReferenceCases.Outcome {
                try ChatTemplate(source: try ReferenceCases.source(String(file))).render(
                    example["variables"]?.entries?.variables ?? [], now: ReferenceCases.now)
            }
            let difference = outcome.difference(from: example)
            if !difference.isEmpty { failures.append("\(example["name"]?.text ?? ""): \(difference)") }
        }
        #expect(cases.count == 50)
        #expect(failures.count == 0, "\(failures.count):\n\(failures.prefix(10).joined(separator: "\n"))")
    }
}
