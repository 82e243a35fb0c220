import ArgumentParser
import ChatTemplates
import Foundation
import Tokenizers
import Training

/// `--data` and how its rows become tokens, the same in every command that trains or shows what is trained.
struct TrainingDataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            text("数据文件（可多次）：.jsonl、.json、.csv、.tsv", "data file (repeatable): .jsonl, .json, .csv, .tsv"),
            valueName: "file"))
    var data: [String]
    @Option(help: ArgumentHelp(text("每行最多词元数", "most tokens of a row"))) var context: Int?
    @Flag(help: ArgumentHelp(text("超长的行截断，而不是报错", "cut rows that are longer than the context"))) var cut = false
    @Flag(help: ArgumentHelp(text("超长的纯文本拆成多行", "split plain texts that are longer than the context"))) var split =
        false
    @Flag(
        name: .customLong("skip-bad"),
        help: ArgumentHelp(text("跳过有问题的行并报告，而不是停止", "leave bad rows out and report them instead of stopping")))
    var skipBad = false
    @Option(
        name: .customLong("bad-share"),
        help: ArgumentHelp(text("允许跳过的行所占比例上限（0–1）", "largest share of bad rows that may be left out (0 to 1)")))
    var badShare: Double?
    @Option(
        help: ArgumentHelp(
            text(
                "训练对话中的哪些回答：all 全部、last 最后一个、separate 每个回答单独一行",
                "which answers of a conversation are trained: all, last, or separate (a row for each)")))
    var answers = "all"

    func validate() throws {
        if let context, context < 2 {
            throw ValidationError(text("--context 至少为 2", "--context must be at least 2"))
        }
        if let badShare, !(0...1).contains(badShare) {
            throw ValidationError(text("--bad-share 应在 0 与 1 之间", "--bad-share must be from 0 to 1"))
        }
        if cut, split { throw ValidationError(text("--cut 与 --split 只能选一个", "give --cut or --split, not both")) }
        guard EncodingSettings.TrainedAnswers(rawValue: answers) != nil else {
            throw ValidationError(
                text("--answers 应为 all、last 或 separate", "--answers must be all, last or separate"))
        }
    }

    /// The files.
    var files: [URL] { data.map { URL(fileURLWithPath: $0) } }

    /// A reader for a model's tokenizer and template.
    func reader(
        definition: TokenizerDefinition, tokenizer: Tokenizer, vocabularySize: Int?, kind: DatasetForm.Kind? = nil,
        now: TemplateDate = .current
    ) throws -> DataReader {
        var settings = EncodingSettings()
        settings.context = context
        settings.longRows = cut ? .cut : split ? .split : .refuse
        settings.trainedAnswers = EncodingSettings.TrainedAnswers(rawValue: answers) ?? .all
        settings.vocabularySize = vocabularySize
        let template = try definition.chatTemplate.map { source in try ChatTemplate(source: source) }
        let encoder = RowEncoder(tokenizer: tokenizer, template: template, settings: settings, now: now)
        let bad: DataReader.BadRows = skipBad || badShare != nil ? .skip(limit: badShare ?? 1) : .stop
        return DataReader(encoder: encoder, badRows: bad, kind: kind)
    }
}

extension DataReport {
    /// Names and values for people.
    var facts: [(name: String, value: String)] {
        var facts = files.map { file in
            (
                file.name,
                text(
                    "形式 \(file.form?.rawValue ?? "?")，\(file.rows) 行",
                    "form \(file.form?.rawValue ?? "?"), \(file.rows) rows")
            )
        }
        let share = tokens == 0 ? 0 : 100 * Double(trainedTokens) / Double(tokens)
        facts.append((text("训练行", "rows"), "\(rows)"))
        facts.append((text("词元", "tokens"), "\(tokens)"))
        facts.append((text("其中训练", "trained"), "\(trainedTokens) (\(String(format: "%.1f", share)) %)"))
        facts.append((text("最长的行", "longest row"), "\(longest)"))
        facts.append((text("截断的行", "rows cut"), "\(cut)"))
        facts.append((text("跳过的行", "rows left out"), "\(bad)"))
        if rewritten > 0 {
            facts.append(
                (
                    text("模板改写过上文的回答", "answers behind a rewritten text"),
                    text("\(rewritten)（可用 --answers separate）", "\(rewritten) (--answers separate avoids them)")
                ))
        }
        return facts
    }

    /// The first rows that were left out, with their reasons, and how many more there are.
    var badRowLines: [String] {
        var lines = firstBad.map { "\($0.file):\($0.line): \(Failure.reason($0.problem))" }
        if bad > firstBad.count {
            lines.append(text("……另有 \(bad - firstBad.count) 行", "… and \(bad - firstBad.count) more"))
        }
        return lines
    }
}

extension Failure {
    /// A row's problem in the user's language.
    static func reason(_ problem: RowProblem) -> String { text(problem.chinese ?? "\(problem)", "\(problem)") }
}
