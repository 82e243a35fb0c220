import ArgumentParser
import Foundation
import ModelFormats
import Tokenizers
import Training

/// `pallet train preview`: exactly what is trained, token by token, before anything is.
struct TrainPreviewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: text("显示究竟训练哪些词元", "Shows exactly which tokens are trained."))

    @OptionGroup var model: ModelOptions
    @OptionGroup var data: TrainingDataOptions
    @Option(help: ArgumentHelp(text("显示前几行", "how many rows are shown"))) var rows = 3
    @Option(help: ArgumentHelp(text("另写成网页文件", "also write a page to this file"), valueName: "file")) var html: String?
    @Flag(help: ArgumentHelp(text("不用颜色，训练部分放在 ⟦ ⟧ 中", "no colours: trained text stands between ⟦ and ⟧")))
    var plain = false
    @Flag(help: ArgumentHelp(text("只输出 JSON 统计", "print the counts as JSON"))) var json = false

    func validate() throws {
        if rows < 0 { throw ValidationError(text("--rows 不能为负", "--rows must not be negative")) }
    }

    private struct Counts: Encodable {
        let rows, tokens, trained, longest, cut, bad, rewritten: Int
        let forms: [String]
    }

    func run() throws {
        if let html { try InputFile.refuse(writing: [URL(fileURLWithPath: html)], over: data.files) }
        let loading = ModelLoading(home: model.home.folder)
        let (definition, tokenizer) = try loading.tokenizer(model.model)
        // As training reads it, where the model is whole; a vocabulary alone sets no limits.
        let configuration = try? TrainingSession.open(try loading.locate(model.model), seed: 0).configuration
        var read = data
        read.context = data.context ?? configuration.map { TrainingData.defaultContext(of: $0) }
        let reader = try read.reader(
            definition: definition, tokenizer: tokenizer, vocabularySize: configuration?.vocabularySize)
        var shown: [RowPreview] = []
        var number = 0
        let report = try reader.read(data.files) { example in
            if number < rows { shown += RowPreview.previews(of: example, number: number, tokenizer: tokenizer) }
            number += 1
        }
        if json { try print(report) } else { show(shown, report) }
        if let html { try write(shown, report, to: html) }
    }

    private func print(_ report: DataReport) throws {
        try Output.json(
            Counts(
                rows: report.rows, tokens: report.tokens, trained: report.trainedTokens, longest: report.longest,
                cut: report.cut, bad: report.bad, rewritten: report.rewritten,
                forms: report.files.map { $0.form?.rawValue ?? "" }))
    }

    private func show(_ shown: [RowPreview], _ report: DataReport) {
        let hasColours = !plain && isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
        let terminal = TerminalPreview(style: hasColours ? .colours : .marks)
        for row in shown {
            Output.line(
                text(
                    "── 第 \(row.number + 1) 行：\(row.tokenCount) 词元，训练 \(row.trainedCount) ──",
                    "── row \(row.number + 1): \(row.tokenCount) tokens, \(row.trainedCount) trained ──"))
            Output.line(terminal.text(row))
        }
        var table = Table(header: [text("统计", "counts"), ""])
        for fact in report.facts { table.add([fact.name, fact.value]) }
        Output.line(table.description)
        for line in report.badRowLines { Output.note(line) }
    }

    private func write(_ shown: [RowPreview], _ report: DataReport, to path: String) throws {
        var words = PreviewPage.Words()
        words.language = text("zh", "en")
        words.title = text("究竟训练什么", words.title)
        words.legend = text("绿色的部分被训练，灰色只是读入。带框的是控制词元；指针停留处显示编号。", words.legend)
        words.row = text("第", words.row)
        words.tokens = text("词元", words.tokens)
        words.trained = text("训练", words.trained)
        let page = PreviewPage(words: words).html(rows: shown, facts: report.facts)
        do {
            try Data(page.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            let reason = SystemReason(error)
            throw Failure(.cannotCreate, "无法写出 \(path)：\(reason.chinese)", "cannot write \(path): \(reason.english)")
        }
    }
}
