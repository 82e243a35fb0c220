import Foundation
import Inference
import ModelFormats
import Tensors
import Tokenizers
import Training
import Transformers

/// A small model from nothing but the company's documents: vocabulary, random weights, about two minutes of training,
/// and what came of it.
struct DemoScratch {
    let home: Home
    let threads: Int

    /// Seconds of training that are aimed at.
    private static let seconds = 120.0
    private static let possibleSteps = 60...1200
    private static let vocabulary = 2048
    private static let parameters = 3_000_000
    private static let context = 256
    private static let rowsPerStep = 4

    private var folder: RunFolder {
        RunFolder(home.url.appendingPathComponent("runs/demo-scratch", isDirectory: true))
    }

    /// Trains anew each time: that is what is shown. The corpus has to be there.
    func run() async throws {
        let texts = try DemoScratchText(home: home)
        guard !texts.trained.isEmpty, !texts.heldOut.isEmpty else {
            throw Failure(.data, "资料太少，无法从零训练", "there are too few documents to train on")
        }
        Output.line(
            text(
                "   训练文本 \(DemoScratchText.bytes(texts.trained)) 字节，整篇留出 \(texts.heldOut.count) 条记录"
                    + "（\(DemoScratchText.bytes(texts.heldOut)) 字节）",
                "   \(DemoScratchText.bytes(texts.trained)) bytes of text to train on; \(texts.heldOut.count) records of "
                    + "whole documents kept back (\(DemoScratchText.bytes(texts.heldOut)) bytes)"))
        try? FileManager.default.removeItem(at: folder.url)
        let base = try plan(texts)
        let result = try train(texts, base)
        guard result.ending != .interrupted else { throw Failure(.temporary, "训练未完成", "training is not complete") }
        compare(result, texts)
        try await continuations(texts)
        Output.line(
            text(
                """

                这样的模型能做什么：认得本公司的词、句式和文体，压缩同类文本，续写简短的词句。
                不能做什么：没有世界知识，不会对话，不会遵循指令；它写的数字和事实不可信。公司使用请从开放权重微调（pallet train lora），
                事实由检索提供（pallet ask）。从零训练要有用，需要多几个数量级的文本与算力：pallet train estimate 会先告诉你。
                """,
                """

                What such a model can do: it has the words, phrases and layout of these documents, packs text of their \
                kind, and goes on with short phrases.
                What it cannot: it knows nothing of the world, holds no chat and follows no instruction; numbers and \
                facts that it writes are invented. For use, tune open weights (pallet train lora) and let retrieval \
                bring the facts (pallet ask). To be of use from scratch it takes some orders of magnitude more text and \
                work: pallet train estimate says how much.
                """))
    }

    /// Vocabulary and shape, in a folder without weights.
    private func plan(_ texts: DemoScratchText) throws -> ModelFile {
        var trainer = try BytePairTrainer(BytePairTrainingSettings(vocabularySize: Self.vocabulary))
        for text in texts.trained { trainer.add(text) }
        let tokenizer = try Tokenizer(try trainer.train().definition)
        let plan = try ModelPlan(
            parameters: Self.parameters, vocabulary: tokenizer.vocabularySize, context: Self.context)
        let place = folder.url.appendingPathComponent("base", isDirectory: true)
        try plan.write(to: place, tokenizer: tokenizer)
        let millions = String(format: "%.1f", Double(plan.parameters) / 1e6)
        Output.line(
            text(
                "   词表 \(plan.vocabulary)（字节级 BPE）；llama，\(millions)M 参数，\(plan.depth) 层，宽 \(plan.width)",
                "   vocabulary of \(plan.vocabulary) (byte-level BPE); llama of \(millions)M parameters, "
                    + "\(plan.depth) blocks of width \(plan.width)"))
        return try ModelFile.untrained(place, seed: 1)
    }

    private func rows(_ texts: [String], _ tokenizer: Tokenizer) throws -> [TrainingRow] {
        var settings = EncodingSettings()
        settings.context = Self.context
        settings.longRows = .split
        let encoder = RowEncoder(tokenizer: tokenizer, template: nil, settings: settings, now: .current)
        return RowPacking.packed(try texts.flatMap { try encoder.rows(text: $0) }, context: Self.context)
    }

    private func train(_ texts: DemoScratchText, _ base: ModelFile) throws -> RunResult {
        let definition = try TokenizerDefinition(file: base)
        let tokenizer = try Tokenizer(definition)
        let rows = try rows(texts.trained, tokenizer)
        let heldOut = HeldOutRows(try self.rows(texts.heldOut, tokenizer), bytes: DemoScratchText.bytes(texts.heldOut))
        let pool = try WorkerPool(threads: threads)
        let steps = try steps(base, pool)
        var settings = TrainerSettings(
            schedule: LearningRateSchedule(
                peak: 2e-3, shape: .cosine, steps: steps, warmupSteps: 10, minimumRatio: 0.1),
            batchRows: Self.rowsPerStep, seed: 1)
        settings.optimizer.beta2 = 0.95
        settings.optimizer.weightDecay = 0.1
        let trainer = try Trainer(
            model: try TrainingModel(file: base, part: .everything, seed: 1), settings: settings,
            objective: SupervisedObjective(source: RowsInMemory(rows), settings: settings), pool: pool)
        var runSettings = RunSettings()
        runSettings.evaluationSteps = max(steps / 10, 1)
        let run = TrainingRun(
            trainer: trainer, folder: folder, identity: RunIdentity(["demo": "from scratch"]), settings: runSettings,
            heldOut: heldOut, metrics: nil, clock: { Seconds.now })
        let tokens = rows.reduce(0) { $0 + $1.tokens.count }
        let passes = String(format: "%.1f", Double(steps * Self.rowsPerStep) / Double(max(rows.count, 1)))
        Output.line(
            text(
                "   \(tokens) 词元，\(steps) 步（全文约 \(passes) 遍）", "   \(tokens) tokens, \(steps) steps (\(passes) passes)")
        )
        let bar = ProgressBar(text("训练", "training"), unit: .items(text("步", "steps")))
        var losses: [Double] = [], looks: [(step: Int, loss: Double)] = []
        run.progress = { progress in
            losses.append(progress.metrics.loss)
            if let loss = progress.heldOutLoss { looks.append((progress.metrics.step + 1, loss)) }
            let title = text("训练 损失 ", "training loss ") + String(format: "%.2f", progress.metrics.loss)
            bar.title(title, Int64(progress.metrics.step + 1), of: Int64(progress.steps))
        }
        Interrupt.listen()
        run.shouldStop = { Interrupt.isAsked }
        let result = try run.run()
        let plot = CurvePlot(losses: losses, heldOut: looks)
        Output.line(text("   损失 ", "   loss ") + plot.line())
        try Data(plot.svg(title: text("从零训练", "from scratch")).utf8).write(to: folder.curves, options: .atomic)
        Output.line(
            text("   曲线：", "   curves: ") + folder.curves.path
                + String(
                    format: "  ·  %.0f s, %.0f tok/s", result.seconds,
                    Double(result.computedTokens) / max(result.seconds, 1e-9)))
        if let file = try trainer.model.trainedFile(base: base) {
            _ = try ModelExporter(file).writeHuggingFace(
                to: folder.model, type: .f32, tokenizerFiles: try definition.huggingFaceFiles())
        }
        return result
    }

    /// As many steps as fit the time at this machine's measured speed.
    private func steps(_ base: ModelFile, _ pool: WorkerPool) throws -> Int {
        let tokens = Self.rowsPerStep * Self.context
        let estimate = try TrainingEstimate(
            file: base, part: .everything, rows: tokens, microBatches: 1, recomputes: false,
            meanLength: Double(Self.context) / 3, hasReference: false)
        let speed = try MachineSpeed(
            measuredFor: base, rows: tokens, pool: pool, seconds: { Seconds.now })
        let step = estimate.seconds(
            tokens: Double(tokens), targets: Double(tokens), microBatches: 1, steps: 1, at: speed)
        let fitting = Int(min(Self.seconds / max(step, 1e-3), 1e6))
        return min(max(fitting, Self.possibleSteps.lowerBound), Self.possibleSteps.upperBound)
    }

    private func compare(_ result: RunResult, _ texts: DemoScratchText) {
        func bits(_ value: Double?) -> String { value.map { String(format: "%.2f", $0) } ?? "–" }
        var table = Table(
            header: [text("留出文本，每字节", "text kept back"), text("比特", "bits per byte")], rightAligned: [1])
        table.add([text("训练前的模型", "the model before training"), bits(result.before?.bitsPerByte)])
        table.add([text("训练后的模型", "the model after training"), bits(result.after?.bitsPerByte)])
        if let xz = texts.bitsOfXZ() {
            table.add([text("xz -9，只看这段文本", "xz -9 of this text alone"), bits(xz.alone)])
            table.add([text("xz -9，先看过训练文本", "xz -9 behind the text trained on"), bits(xz.behind)])
        }
        Output.line("\n" + table.description)
    }

    /// What the model writes behind the beginnings of texts that it has not seen.
    private func continuations(_ texts: DemoScratchText) async throws {
        let language = try ModelLoading(home: home).load(folder.model.path, threads: threads)
        let engine = try Engine(model: language, settings: .init(threads: threads, contextLength: Self.context))
        Output.line(text("\n续写（它没有见过这些文本；温度 0.7）：", "\nContinuations of texts it has not seen (temperature 0.7):"))
        for beginning in texts.beginnings(3) {
            let ids = language.tokenizer.encode(beginning, addSpecial: true, parseSpecial: false)
            let sampling = SamplingParameters(temperature: 0.7, topK: 40, topP: 0.95, seed: 1)
            let result = try await engine.complete(
                GenerationRequest(prompt: ids, maxTokens: 60, sampling: sampling, stop: [], ignoreEndOfTurn: false))
            Output.line("  " + beginning + " ▸ " + result.text.replacing("\n", with: " "))
        }
    }
}
