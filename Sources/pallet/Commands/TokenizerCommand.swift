import ArgumentParser
import ChatTemplates
import Foundation
import Tokenizers

/// `pallet tokenizer`: encode, decode, render; JSON lines in, JSON lines out.
struct TokenizerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: text("分词、还原、渲染对话模板", "Encodes, decodes, renders chat templates."),
        subcommands: [Encode.self, Decode.self, Render.self, TokenizerTrainCommand.self])

    struct Encode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("每行一个 JSON 字符串 → 词元编号", "JSON strings, one a line → lists of ids."))
        @OptionGroup var model: ModelOptions
        @Flag(name: .customLong("add-special"), help: ArgumentHelp(text("加上模型自己的首尾词元", "add what the model adds")))
        var addSpecial = false
        @Flag(
            name: .customLong("parse-special"),
            help: ArgumentHelp(text("文中的控制词元按控制词元处理", "turn control tokens in the text into their ids")))
        var parseSpecial = false

        func run() throws {
            let tokenizer = try ModelLoading(home: model.home.folder).tokenizer(model.model).tokenizer
            for (number, line) in try Input.lines().enumerated() {
                guard case .string(let text)? = try? TemplateValue(json: Data(line.utf8)) else {
                    throw Failure(
                        .data, "标准输入第 \(number + 1) 行不是 JSON 字符串",
                        "standard input, line \(number + 1): not a JSON string")
                }
                let ids = tokenizer.encode(text, addSpecial: addSpecial, parseSpecial: parseSpecial)
                Output.line("[" + ids.map(String.init).joined(separator: ",") + "]")
            }
        }
    }

    struct Decode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("每行一个词元编号数组 → JSON 字符串", "Lists of ids, one a line → JSON strings."))
        @OptionGroup var model: ModelOptions
        @Flag(name: .customLong("skip-special"), help: ArgumentHelp(text("略去控制词元", "leave control tokens out")))
        var skipSpecial = false

        func run() throws {
            let tokenizer = try ModelLoading(home: model.home.folder).tokenizer(model.model).tokenizer
            for (number, line) in try Input.lines().enumerated() {
                guard case .list(let items)? = try? TemplateValue(json: Data(line.utf8)) else {
                    throw Failure(
                        .data, "标准输入第 \(number + 1) 行不是数组", "standard input, line \(number + 1): not a list of ids")
                }
                let ids = try items.map { item in
                    guard case .int(let id) = item else {
                        throw Failure(
                            .data, "标准输入第 \(number + 1) 行含有非整数", "standard input, line \(number + 1): not all integers")
                    }
                    return id
                }
                try Output.json(try tokenizer.decode(ids, skipControl: skipSpecial))
            }
        }
    }

    struct Render: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("渲染对话模板", "Renders a chat template."))
        @Option(help: ArgumentHelp(text("取其模板的模型", "model whose template is taken"))) var model: String?
        @Option(help: ArgumentHelp(text("模板文件", "template file"))) var template: String?
        @OptionGroup var home: HomeOptions
        @Option(help: ArgumentHelp(text("变量的 JSON 文件", "JSON file of exactly these variables"))) var variables: String?
        @Option(help: ArgumentHelp(text("消息的 JSON 文件", "JSON file of messages"))) var messages: String?
        @Option(help: ArgumentHelp(text("工具的 JSON 文件", "JSON file of tools"))) var tools: String?
        @Flag(name: .customLong("add-generation-prompt")) var addGenerationPrompt = false
        @Option(help: ArgumentHelp("\"2025-07-26 14:05:09\"")) var now: String?

        func validate() throws {
            guard (model == nil) != (template == nil), (variables == nil) != (messages == nil) else {
                throw ValidationError(
                    text(
                        "请给出 --model 或 --template 之一，以及 --variables 或 --messages 之一",
                        "give one of --model and --template, and one of --variables and --messages"))
            }
        }

        func run() throws {
            let date = try now.map { text in
                guard let date = TemplateDate(text) else {
                    throw Failure(.usage, "--now 的格式应为 YYYY-MM-DD HH:MM:SS", "--now must be YYYY-MM-DD HH:MM:SS")
                }
                return date
            }
            var extra: [(String, TemplateValue)] = []
            let compiled = try compile(&extra)
            do {
                if let variables {
                    guard case .dict(let entries) = try InputFile.json(variables) else {
                        throw InputFile.expected(variables, "{…}")
                    }
                    let list = entries.entries.map { ($0.key, $0.value) }
                    Output.write(try compiled.render(list, now: date ?? .current))
                } else if let messages {
                    let text = try compiled.renderChat(
                        messages: try InputFile.json(messages), tools: try tools.map(InputFile.json),
                        addGenerationPrompt: addGenerationPrompt, extra: extra, now: date ?? .current)
                    Output.write(text)
                }
            } catch let error as TemplateError {
                throw Failure(.data, "模板出错：\(Failure.chinese(error))", "\(error)")
            }
        }

        private func compile(_ extra: inout [(String, TemplateValue)]) throws -> ChatTemplate {
            do {
                if let template {
                    return try ChatTemplate(source: String(decoding: try InputFile.data(template), as: UTF8.self))
                }
                let (definition, tokenizer) = try ModelLoading(home: home.folder).tokenizer(model ?? "")
                guard let source = definition.chatTemplate else {
                    throw Failure(.data, "该模型没有对话模板", "the model has no chat template")
                }
                extra = [("bos_token", .string(tokenizer.bosText)), ("eos_token", .string(tokenizer.eosText))]
                return try ChatTemplate(source: source)
            } catch let error as TemplateError {
                throw Failure(.data, "模板出错：\(Failure.chinese(error))", "\(error)")
            }
        }
    }
}
