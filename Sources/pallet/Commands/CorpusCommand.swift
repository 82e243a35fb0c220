import ArgumentParser
import Corpus
import Foundation

/// `pallet corpus`: stage 1, documents to clean records.
struct CorpusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "corpus", abstract: text("语料：把资料清洗为记录", "Corpus: documents become clean records."),
        subcommands: [Build.self])

    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("读取一个目录", "Reads a folder of documents."))
        @Argument(help: ArgumentHelp(text("资料目录", "folder of documents"))) var folder: String
        @Option(help: ArgumentHelp(text("语料名称", "name of the corpus"))) var name: String
        @OptionGroup var home: HomeOptions
        @Flag(help: ArgumentHelp(text("输出 JSON 报告", "print the report as JSON"))) var json = false

        func run() throws {
            let report = try CorpusBuilding(home: try home.folder.created()).build(
                URL(fileURLWithPath: folder, isDirectory: true), name: name)
            if json { return try Output.json(report) }
            Output.line(CorpusReportText(report: report).text)
        }
    }
}
