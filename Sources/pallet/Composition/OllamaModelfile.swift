import ChatTemplates
import Foundation
import ModelFormats
import Tokenizers
import Transformers

/// A Modelfile for Ollama beside a GGUF file: where the weights are, how a chat is written, where answers end.
///
/// Ollama knows Go templates only. For the common kinds of chats one is written here, and it is given only where it
/// produces, on a probe, the very text that the model's own template produces.
struct OllamaModelfile {
    /// The first line, by which a file that may be replaced is known.
    static let mark = "# Written by pallet model export"

    /// A kind of chat: as a Go template, and as what that template does.
    private struct Kind {
        let name: String
        let go: String
        /// Text before and after the content of a role's message.
        let around: [String: (String, String)]
        /// What makes the model answer.
        let opening: String

        func text(_ messages: [(role: String, content: String)]) -> String {
            messages.map { message in
                let (before, after) = around[message.role] ?? ("", "")
                return before + message.content + after
            }.joined() + opening
        }
    }

    private static let kinds: [Kind] = [
        Kind(
            name: "ChatML",
            go: """
                {{- range .Messages }}<|im_start|>{{ .Role }}
                {{ .Content }}<|im_end|>
                {{ end }}<|im_start|>assistant

                """,
            around: roles { ("<|im_start|>\($0)\n", "<|im_end|>\n") }, opening: "<|im_start|>assistant\n"),
        Kind(
            name: "Llama 3",
            go: """
                {{- range .Messages }}<|start_header_id|>{{ .Role }}<|end_header_id|>

                {{ .Content }}<|eot_id|>{{ end }}<|start_header_id|>assistant<|end_header_id|>


                """,
            around: roles { ("<|start_header_id|>\($0)<|end_header_id|>\n\n", "<|eot_id|>") },
            opening: "<|start_header_id|>assistant<|end_header_id|>\n\n"),
        Kind(
            name: "Mistral",
            go: """
                {{- range .Messages }}{{ if eq .Role "user" }}[INST] {{ .Content }} [/INST]{{ else }} {{ .Content }}</s>{{ end }}{{ end }}
                """,
            around: ["user": ("[INST] ", " [/INST]"), "assistant": (" ", "</s>")], opening: ""),
        Kind(
            name: "Mistral v3",
            go: """
                {{- range .Messages }}{{ if eq .Role "user" }}[INST] {{ .Content }}[/INST]{{ else }} {{ .Content }}</s>{{ end }}{{ end }}
                """,
            around: ["user": ("[INST] ", "[/INST]"), "assistant": (" ", "</s>")], opening: ""),
    ]

    private static func roles(_ text: (String) -> (String, String)) -> [String: (String, String)] {
        Dictionary(uniqueKeysWithValues: ["system", "user", "assistant"].map { ($0, text($0)) })
    }

    let text: String
    /// Why it has no template; nil where it has one.
    let withoutTemplate: String?

    /// - Parameter weights: name of the GGUF file beside it.
    init(_ definition: TokenizerDefinition, weights: String) throws {
        let tokenizer = try Tokenizer(definition)
        var lines = [Self.mark, "FROM ./\(weights)"]
        let found = Self.kind(definition, tokenizer)
        if let found {
            lines.append("TEMPLATE \"\"\"\(found.kind.go)\"\"\"")
            if let system = found.system { lines.append("SYSTEM \"\"\"\(system)\"\"\"") }
            withoutTemplate = nil
        } else {
            withoutTemplate =
                definition.chatTemplate == nil ? "the model has no chat template" : "no Go template gives its chats"
            lines.append("# no TEMPLATE: \(withoutTemplate ?? "")")
        }
        // Ordinary text that some models end with, such as </s>, would cut answers that quote it.
        for id in tokenizer.endOfGenerationTokens.sorted() {
            // The types of the file: the tokenizer takes everything that looks like an end for a control token.
            guard !definition.types.indices.contains(id) || definition.types[id] == .control else { continue }
            guard let stop = tokenizer.text(of: id), !stop.isEmpty, !stop.contains("\"") else { continue }
            lines.append("PARAMETER stop \"\(stop)\"")
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// The kind whose text is the model's own on a chat of three turns, and the system text that the model's template
    /// adds by itself where none is given.
    private static func kind(_ definition: TokenizerDefinition, _ tokenizer: Tokenizer) -> (
        kind: Kind, system: String?
    )? {
        guard let source = definition.chatTemplate, let template = try? ChatTemplate(source: source) else { return nil }
        let turns = [("user", "Q1"), ("assistant", "A1"), ("user", "Q2")]
        let with = [("system", "S")] + turns
        guard let own = rendered(turns, template, tokenizer) else { return nil }
        let ownWith = rendered(with, template, tokenizer)
        // Ollama puts the beginning token in front by itself, where the model wants one.
        let beginning = tokenizer.bosText
        let beginnings = beginning.isEmpty ? [""] : ["", beginning]
        for kind in kinds {
            for beginning in beginnings where own.hasPrefix(beginning) {
                let text = own.dropFirst(beginning.count)
                // A system text must come out as the template would have it too.
                let fits = kind.around["system"] == nil || ownWith == beginning + kind.text(with)
                if fits, text == kind.text(turns) { return (kind, nil) }
                guard fits, let (before, after) = kind.around["system"], text.hasPrefix(before),
                    text.hasSuffix(after + kind.text(turns))
                else { continue }
                let content = text.dropFirst(before.count).dropLast((after + kind.text(turns)).count)
                if !content.contains("\"\"\"") { return (kind, String(content)) }
            }
        }
        return nil
    }

    /// What the model's own template makes of a chat; nil where it refuses it.
    private static func rendered(
        _ messages: [(role: String, content: String)], _ template: ChatTemplate, _ tokenizer: Tokenizer
    ) -> String? {
        let values = messages.map { message in
            TemplateValue.dict(
                TemplateDictionary([("role", .string(message.role)), ("content", .string(message.content))]))
        }
        return try? template.renderChat(
            messages: .list(values), addGenerationPrompt: true,
            extra: [("bos_token", .string(tokenizer.bosText)), ("eos_token", .string(tokenizer.eosText))],
            now: .current)
    }

    /// Writes the file beside a GGUF; one that somebody else wrote is left as it is.
    static func write(beside weights: URL, for file: ModelFile) throws {
        let modelfile = try OllamaModelfile(TokenizerDefinition(file: file), weights: weights.lastPathComponent)
        let url = weights.deletingLastPathComponent().appendingPathComponent("Modelfile")
        if let old = try? String(contentsOf: url, encoding: .utf8), !old.hasPrefix(mark) {
            Output.note(pallet.text("\(url.path) 已存在，未改动", "\(url.path) exists already and was left as it is"))
            return
        }
        try Data(modelfile.text.utf8).write(to: url, options: .atomic)
        if let reason = modelfile.withoutTemplate {
            Output.note(
                pallet.text(
                    "\(url.path) 中没有 TEMPLATE：Ollama 的模板语言写不出该模型的对话格式", "\(url.path) has no TEMPLATE: \(reason)"))
        }
    }
}
