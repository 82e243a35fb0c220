import ArgumentParser
import Foundation
import ModelFormats

/// What `model merge` and `model export` have in common.
struct ExportOptions: ParsableArguments {
    @OptionGroup var model: ModelOptions
    @OptionGroup var adapter: AdapterOptions
    @OptionGroup var threads: ThreadOptions
    @Option(
        help: ArgumentHelp(
            ModelExporter.WeightType.allCases.map(\.rawValue).joined(separator: " | ")
                + text("（默认 same：保持底座的类型）", " (default same: the base's types)")))
    var type: String?
    @Option(help: ArgumentHelp(text("输出文件或目录", "file or folder to write"))) var output: String
    @Flag(
        name: .customLong("no-check"), help: ArgumentHelp(text("写出后不重新打开检查", "do not open and compare it afterwards")))
    var skipsCheck = false

    func weightType() throws -> ModelExporter.WeightType? {
        guard let type else { return nil }
        guard let found = ModelExporter.WeightType(rawValue: type) else {
            let known = ModelExporter.WeightType.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(text("未知类型 \(type)：可用 \(known)", "unknown type \(type): \(known)"))
        }
        return found
    }

    func write(_ form: ModelExporting.Form) throws {
        let file = try ModelLoading(home: model.home.folder).open(model.model)
        let found = try adapter.adapter.map { try AdapterLoading(home: model.home.folder).read($0, for: file) }
        let exporting = ModelExporting(file: file, adapter: found, threads: threads.count, checks: !skipsCheck)
        let finding = try exporting.write(form, type: try weightType(), to: URL(fileURLWithPath: output))
        if let finding { try ModelExporting.tell(finding, output: output) }
        Output.line(output)
    }
}

/// `pallet model merge`: an adapter taken into its base, as a Hugging Face folder.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: text("把适配器并入底座", "Takes an adapter into its base: a Hugging Face folder."))
    @OptionGroup var options: ExportOptions

    func validate() throws {
        guard options.adapter.adapter != nil else {
            throw ValidationError(text("请给出 --adapter", "give --adapter"))
        }
        _ = try options.weightType()
    }

    func run() throws { try options.write(.safetensors) }
}

/// `pallet model export`: a model, or an adapter, in a form that other programs read.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: text(
            "导出为 GGUF、safetensors 或适配器，并核对结果", "Exports as GGUF, safetensors or adapter, and checks the result."))
    @OptionGroup var options: ExportOptions
    @Option(help: ArgumentHelp(ModelExporting.Form.allCases.map(\.rawValue).joined(separator: " | "))) var to: String

    func validate() throws {
        guard ModelExporting.Form(rawValue: to) != nil else {
            let known = ModelExporting.Form.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(text("--to 应为 \(known) 之一", "--to must be one of \(known)"))
        }
        _ = try options.weightType()
    }

    func run() throws { try options.write(ModelExporting.Form(rawValue: to) ?? .gguf) }
}
