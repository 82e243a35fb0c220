import ArgumentParser
import Foundation
import Tokenizers
import Training

/// `pallet train shard`: data as tokens in one file, for data that are larger than memory.
struct TrainShardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shard",
        abstract: text("把数据变成词元分片文件（可大于内存）", "Turns data into a file of tokens, which may be larger than memory."))

    @OptionGroup var model: ModelOptions
    @OptionGroup var data: TrainingDataOptions
    @Option(help: ArgumentHelp(text("写入的文件", "file to write"), valueName: "file")) var output: String
    @Flag(help: ArgumentHelp(text("把多篇文档装进一行（需要 --context）", "pack documents into rows (needs --context)")))
    var pack = false

    func validate() throws {
        if pack, data.context == nil {
            throw ValidationError(text("--pack 需要 --context", "--pack needs --context"))
        }
    }

    func run() throws {
        try InputFile.refuse(writing: [URL(fileURLWithPath: output)], over: data.files)
        let (definition, tokenizer) = try ModelLoading(home: model.home.folder).tokenizer(model.model)
        let reader = try data.reader(
            definition: definition, tokenizer: tokenizer, vocabularySize: nil, kind: .rows)
        let url = URL(fileURLWithPath: output)
        let report = try reader.writeShard(
            data.files, to: url, tokenizerHash: definition.fingerprint, packing: pack ? data.context : nil)
        let shard = try TokenShard(url)
        var table = Table(header: [text("统计", "counts"), ""])
        for fact in report.facts { table.add([fact.name, fact.value]) }
        table.add([text("分片中的行", "rows in the shard"), "\(shard.count)"])
        table.add(["SHA-256", shard.hash])
        Output.line(table.description)
        for line in report.badRowLines { Output.note(line) }
    }
}
