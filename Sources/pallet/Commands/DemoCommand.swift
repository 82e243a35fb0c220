import ArgumentParser
import Foundation
import Logging
import Retrieval
import Service
import Storage

/// `pallet demo`: the whole way on an invented company, from open weights to answers over HTTP.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: text("演示：一家虚构公司，从模型到回答", "Demo: an invented company, from weights to answers."))
    @Option(help: ArgumentHelp(text("主目录", "home folder"), valueName: "folder")) var home = "pallet-home/demo"
    @Option(help: ArgumentHelp(text("公司资料目录", "folder of the company"))) var company = "Examples/demo-company"
    @Option(help: ArgumentHelp(text("模型（默认：默认模型）", "model (default: the default model)"))) var model: String?
    @Option(help: ArgumentHelp(text("端口，0 为任选", "port; 0 takes a free one"))) var port = 8080
    @OptionGroup var threads: ThreadOptions
    @Flag(help: ArgumentHelp(text("自检后结束", "stop after a check over HTTP"))) var once = false
    @Flag(name: .customLong("no-tuning"), help: ArgumentHelp(text("不做微调", "leave the tuning out"))) var noTuning =
        false
    @Flag(
        name: .customLong("from-scratch"),
        help: ArgumentHelp(text("只用公司资料从零训练一个小模型", "train a small model from nothing but the documents, and end"))
    ) var fromScratch = false

    func validate() throws {
        if fromScratch, noTuning || model != nil {
            throw ValidationError(
                text("--from-scratch 不与 --model、--no-tuning 同用", "--from-scratch goes without --model and --no-tuning"))
        }
    }

    func run() async throws {
        let home = try Home(url: URL(fileURLWithPath: home, isDirectory: true)).created()
        let company = try DemoCompany(folder: URL(fileURLWithPath: company, isDirectory: true))
        let clock = DemoClock()
        if fromScratch { return try await scratch(home, company, clock) }
        clock.step(text("模型", "model"))
        let source = try await DemoModel(home: home).locate(model)
        clock.step(text("公司：\(company.facts.name)（虚构）", "company: \(company.facts.name) (invented)"))
        try await company.load(into: home, model: source.served, threads: threads.count)
        if !noTuning { try await train(home, company, source, clock) }
        try await serve(home, company, source, clock)
    }

    /// The second half: tuning, or where there is no model to tune a small one from scratch.
    private func train(
        _ home: Home, _ company: DemoCompany, _ source: DemoModel.Located, _ clock: DemoClock
    ) async throws {
        if source.isChatModel {
            clock.step(text("微调", "tuning"))
            try await DemoTuning(home: home, company: company, model: source.model, threads: threads.count).run()
        } else {
            clock.step(text("从零训练（没有可微调的模型）", "from scratch (there is no model to tune)"))
            try await DemoScratch(home: home, threads: threads.count).run()
        }
    }

    private func scratch(_ home: Home, _ company: DemoCompany, _ clock: DemoClock) async throws {
        clock.step(text("资料：\(company.facts.name)（虚构）", "documents of \(company.facts.name) (invented)"))
        try company.buildCorpus(in: home)
        clock.step(text("从零训练", "from scratch"))
        try await DemoScratch(home: home, threads: threads.count).run()
        Output.line("\n" + text("用时：", "times: ") + clock.summary)
    }

    private func serve(
        _ home: Home, _ company: DemoCompany, _ source: DemoModel.Located, _ clock: DemoClock
    ) async throws {
        let questions = company.facts.exampleQuestions
        if !once { clock.step(text("提问", "questions")) }
        let database = try PalletDatabase.open(home: home.url, access: .server)
        let serving = try await Serving(
            home: home, database: database, model: source.model, threads: threads.count, context: 4096,
            writes: source.isChatModel)
        if !once { try await ask(questions, serving) }
        clock.step(text("服务", "service"))
        let logger = Logger(label: "pallet") { _ in SwiftLogNoOpLogHandler() }
        let configuration = PalletApplication.Configuration(port: once ? 0 : port)
        guard once else {
            Output.line(text("用时：", "times: ") + clock.summary)
            return try await serving.run(configuration, logger: logger) { port in
                Output.line(
                    text("在浏览器打开 http://127.0.0.1:\(port)/ ，Ctrl-C 结束", "open http://127.0.0.1:\(port)/ — Ctrl-C ends"))
            }
        }
        let checked = try await DemoCheck(serving: serving, questions: questions).run(configuration, logger: logger)
        let seconds = String(format: "%.1f", clock.seconds)
        Output.line("\n" + text("用时：", "times: ") + clock.summary)
        Output.line(
            text(
                "自检完成：\(checked) 个回答，构建之后共 \(seconds) 秒，模型 \(source.served)",
                "check done: \(checked) answers, \(seconds) s in all after the build, model \(source.served)"))
    }

    private func ask(_ questions: [String], _ serving: Serving) async throws {
        guard let served = serving.served.assistants["assistant"] else { return }
        for question in questions {
            let meter = DemoMeter()
            let answer = try await served.assistant(recording: { meter.set($0) }).answer(question)
            Output.line("\n" + text("问：", "Q: ") + question)
            Output.line(text("答：", "A: ") + AnswerText(answer: answer).text)
            if let usage = meter.usage { Output.line("   " + usage.summary) }
        }
    }
}
