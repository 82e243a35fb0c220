import ArgumentParser
import Foundation
import ModelFormats
import ModelHub
import Tensors
import Tokenizers
import Transformers

/// `pallet model`: open weights in, looked at, converted.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: text("模型：目录、下载、查看、转换", "Models: catalogue, download, inspection, conversion."),
        subcommands: [
            List.self, Pull.self, Add.self, Inspect.self, Convert.self, QuantizeCommand.self, MergeCommand.self,
            ExportCommand.self, LogitsCommand.self, ModelNewCommand.self,
        ])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("列出目录与本机的模型", "Lists the catalogue and what is here."))
        @OptionGroup var home: HomeOptions
        @Flag(help: ArgumentHelp(text("输出 JSON", "print JSON"))) var json = false

        func run() throws {
            let local = try LocalModels(folder: home.folder.models).list()
            if json { return try Output.json(local) }
            var table = Table(
                header: [
                    text("名称", "name"), text("任务", "task"), "MB", text("许可", "licence"), text("本机", "here"),
                    text("用途", "purpose"),
                ], rightAligned: [2])
            var rest = local
            for entry in ModelCatalogue.builtIn.entries {
                let here = rest.firstIndex { $0.name == entry.name }.map { rest.remove(at: $0) }
                table.add([
                    entry.name + (entry.isDefault ? " *" : ""),
                    entry.task == .chat ? text("对话", "chat") : text("向量", "vectors"), "\(entry.bytes / 1_000_000)",
                    entry.licence,
                    here == nil ? "–" : text("有", "yes"), text(entry.purposeChinese, entry.purposeEnglish),
                ])
            }
            for model in rest {
                table.add([model.name, "?", "\(model.bytes / 1_000_000)", model.licence ?? "?", text("有", "yes"), ""])
            }
            Output.line(table.description)
            Output.note(text("* 默认模型", "* the default"))
        }
    }

    struct Pull: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("下载并校验模型", "Downloads and verifies a model."))
        @Argument(help: ArgumentHelp(text("目录中的名称（默认：默认模型）", "catalogue name (default: the default model)")))
        var name: String?
        @OptionGroup var home: HomeOptions
        @Option(
            help: ArgumentHelp(
                text("模型库地址（Hugging Face 布局），可用逗号分隔多个", "base address of a hub in Hugging Face's layout, or several")))
        var hub: String?

        func run() async throws {
            let model = try await ModelPulling(home: home.folder, hub: hub).pull(name)
            Output.line(model.url.path)
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("加入从磁盘带来的模型", "Adds a model that was brought on a disk."))
        @Argument(help: ArgumentHelp(text("GGUF 文件或 Hugging Face 目录", "GGUF file or Hugging Face folder")))
        var path: String
        @Option(help: ArgumentHelp(text("名称", "its name"))) var name: String?
        @OptionGroup var home: HomeOptions

        func run() throws {
            let url = URL(fileURLWithPath: path)
            _ = try ModelFile.open(url)  // What cannot be opened is not worth a place.
            let model = try LocalModels(folder: try home.folder.created().models).add(url, name: name)
            Output.note(
                text(
                    "已加入 \(model.name)，许可 \(model.licence ?? "未知")",
                    "added \(model.name), licence \(model.licence ?? "unknown")"))
            Output.line(model.url.path)
        }
    }

    struct Inspect: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("查看模型的结构与元数据", "Shows architecture, shapes, types, tokenizer."))
        @Argument(help: ArgumentHelp(text("模型", "model"))) var model: String
        @OptionGroup var home: HomeOptions
        @Flag var json = false

        func run() throws {
            let url = try ModelLoading(home: home.folder).locate(model)
            let inspection = try ModelInspection(url)
            if json { return try Output.json(inspection) }
            Output.line(InspectionText(inspection: inspection).text)
        }
    }

    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("转换模型格式与类型", "Converts between GGUF and Hugging Face folders."))
        @Argument(help: ArgumentHelp(text("模型", "model"))) var model: String
        @Option(help: "gguf | safetensors") var to: String
        @Option(help: ArgumentHelp(ModelExporter.WeightType.allCases.map(\.rawValue).joined(separator: " | ")))
        var type = "f16"
        @Option(help: ArgumentHelp(text("输出文件或目录", "file or folder to write"))) var output: String
        @OptionGroup var home: HomeOptions

        func validate() throws {
            guard ["gguf", "safetensors"].contains(to) else {
                throw ValidationError(text("--to 应为 gguf 或 safetensors", "--to must be gguf or safetensors"))
            }
        }

        func run() throws {
            let file = try ModelLoading(home: home.folder).open(model)
            guard let element = ModelExporter.WeightType(rawValue: type) else {
                let known = ModelExporter.WeightType.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(.usage, "未知类型 \(type)：可用 \(known)", "unknown type \(type): \(known)")
            }
            try ModelConversion(file: file, type: element).write(to: to, URL(fileURLWithPath: output))
            Output.line(output)
        }
    }
}

/// `pallet model logits`: the raw logits of given tokens, to be compared with another implementation's.
struct LogitsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logits", abstract: text("写出给定词元的 logits", "Writes the logits of given tokens."))
    @OptionGroup var model: ModelOptions
    @OptionGroup var adapter: AdapterOptions
    @OptionGroup var threads: ThreadOptions
    @Option(help: ArgumentHelp("JSON: [[id, …], …]")) var tokens: String
    @Option(help: ArgumentHelp(text("输出的 safetensors 文件", "safetensors file to write"))) var output: String
    @Option(help: "integer | f32") var compute = "integer"

    func run() throws {
        let lists = try TokenLists(file: tokens).lists
        let file = try ModelLoading(home: model.home.folder).openWriter(model.model)
        let found = try adapter.adapter.map { try AdapterLoading(home: model.home.folder).read($0, for: file) }
        let base = try TransformerModel(file: file, precision: Precision(option: compute))
        let transformer = try found.map { try base.adapted(by: $0, threads: threads.count) } ?? base
        let pool = try WorkerPool(threads: threads.count)
        let rows = 256
        let workspace = try Workspace(model: transformer, rows: rows)
        var results: [[Float]] = []
        for ids in lists {
            guard !ids.isEmpty else { throw InputFile.expected(tokens, "[[id, …], …]") }
            let limit = transformer.configuration.contextLength
            if ids.count > limit { throw TransformerError.contextExceeded(positions: ids.count, limit: limit) }
            let limited = transformer.limited(to: ids.count)
            let cache = try limited.makeCache()
            var logits: [Float] = []
            for start in stride(from: 0, to: ids.count, by: rows) {
                let piece = Array(ids[start..<min(start + rows, ids.count)])
                let step = SequenceStep(cache: cache, tokens: piece, logits: .all)
                for row in try limited.forward([step], workspace: workspace, pool: pool)[0] { logits += row }
            }
            results.append(logits)
        }
        try LogitsFile.write(
            zip(lists, results).map { ($0.count, $1) }, vocabulary: transformer.vocabularySize,
            to: URL(fileURLWithPath: output))
    }
}

/// What a model is, for people.
struct InspectionText {
    let inspection: ModelInspection

    var text: String {
        var lines = [
            "\(inspection.name)  ·  \(inspection.architecture)  ·  \(inspection.origin.rawValue)",
            pallet.text("大小 ", "size ") + "\(inspection.fileSize / 1_000_000) MB, "
                + pallet.text("参数 ", "parameters ") + "\(inspection.parameterCount / 1_000_000) M",
        ]
        if let shape = inspection.shape {
            lines.append(
                pallet.text(
                    "上下文 \(shape.contextLength)，宽 \(shape.embeddingLength)，层 \(shape.blockCount)，头 \(shape.headCount)/\(shape.kvHeadCount)，词表 \(shape.vocabularySize)",
                    "context \(shape.contextLength), width \(shape.embeddingLength), \(shape.blockCount) layers, "
                        + "heads \(shape.headCount)/\(shape.kvHeadCount), vocabulary \(shape.vocabularySize)"))
        }
        if let shape = inspection.shape, let experts = shape.expertCount, let used = shape.expertUsedCount {
            lines.append(
                pallet.text(
                    "每层 \(experts) 个专家，每个词元用 \(used) 个", "\(experts) experts a layer, \(used) for each token"))
        }
        lines.append(
            pallet.text("类型 ", "types ")
                + inspection.types.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        if let tokenizer = inspection.tokenizer {
            lines.append(pallet.text("分词器 ", "tokenizer ") + tokenizer + " \(inspection.preTokenizer ?? "")")
        }
        if let hash = inspection.chatTemplateSHA256 {
            lines.append(pallet.text("对话模板 SHA-256 ", "chat template SHA-256 ") + hash)
        }
        if let licence = inspection.licence { lines.append(pallet.text("许可 ", "licence ") + licence) }
        if let problem = inspection.problem { lines.append(problem) }
        return lines.joined(separator: "\n")
    }
}
