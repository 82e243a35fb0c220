import ArgumentParser
import Foundation
import ModelFormats
import Tensors
import Tokenizers
import Training
import Transformers

/// `pallet train`: a model of the company's own.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: text("训练：微调、继续预训练、偏好优化", "Training: tuning, pretraining, preferences."),
        subcommands: [
            Full.self, LoRA.self, Preference.self, TrainPreviewCommand.self, TrainShardCommand.self,
            TrainDataCommand.self,
            Estimate.self, TrainProcessesCommand.self,
        ])

    struct Full: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "full",
            abstract: text(
                "训练全部权重；目录里没有权重时从随机权重开始", "Trains all weights; a folder without weights starts from random ones."))
        @OptionGroup var model: ModelOptions
        @OptionGroup var data: TrainingDataOptions
        @OptionGroup var options: TrainingOptions

        func run() throws {
            try TrainingSession(
                home: model.home.folder, modelName: model.model, options: options, data: data,
                shape: nil, method: "full"
            ).run()
        }
    }

    struct LoRA: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lora",
            abstract: text(
                "训练适配器（LoRA、rsLoRA、DoRA；底座可以是量化的）", "Trains an adapter (LoRA, rsLoRA, DoRA) beside a base of any type.")
        )
        @OptionGroup var model: ModelOptions
        @OptionGroup var data: TrainingDataOptions
        @OptionGroup var options: TrainingOptions
        @OptionGroup var shape: AdapterShapeOptions

        func run() throws {
            try TrainingSession(
                home: model.home.folder, modelName: model.model, options: options, data: data, shape: shape,
                method: "lora"
            ).run()
        }
    }

    struct Preference: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "preference",
            abstract: text("从好坏答案对中学习（DPO、IPO、ORPO、KTO、SimPO）", "Learns from better and worse answers."))
        @OptionGroup var model: ModelOptions
        @OptionGroup var data: TrainingDataOptions
        @OptionGroup var options: TrainingOptions
        @OptionGroup var shape: AdapterShapeOptions
        @Option(help: "dpo | ipo | orpo | kto | simpo | cpo") var method: String
        @Option(help: ArgumentHelp(text("β（ORPO 中为 λ）", "β (λ of ORPO)"))) var beta = 0.1
        @Option(help: ArgumentHelp(text("SimPO 的 γ", "γ of SimPO"))) var gamma = 0.0
        @Option(help: ArgumentHelp(text("参考模型（默认：开始时的模型）", "reference model (default: the one at the start)")))
        var reference: String?

        func validate() throws {
            guard PreferenceMethod(rawValue: method) != nil else {
                let known = PreferenceMethod.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError(text("--method 应为 \(known)", "--method must be one of \(known)"))
            }
            guard beta > 0, beta.isFinite, gamma.isFinite else {
                throw ValidationError(text("--beta 应大于 0", "--beta must be above 0"))
            }
        }

        func run() throws {
            guard let method = PreferenceMethod(rawValue: method) else { return }
            try TrainingSession(
                home: model.home.folder, modelName: model.model, options: options, data: data, shape: shape,
                method: method.rawValue, preference: (method, beta, gamma, reference)
            ).run()
        }
    }

    /// `pallet train estimate`: memory and time before anything runs.
    struct Estimate: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "estimate", abstract: text("估计内存与用时", "Estimates memory and time of a run."))
        @Argument(help: "full | lora | dpo | ipo | orpo | kto | simpo | cpo") var method: String
        @OptionGroup var model: ModelOptions
        @OptionGroup var data: TrainingDataOptions
        @OptionGroup var options: TrainingOptions
        @OptionGroup var shape: AdapterShapeOptions
        @Flag(help: ArgumentHelp(text("以 JSON 输出", "print as JSON"))) var json = false

        private struct Answer: Encodable {
            let bytes, frozen, trained, gradients, moments, activations, working, trained_values: Int
            let seconds, seconds_per_step, tokens_per_second, gflops: Double
            let steps: Int
        }

        func validate() throws {
            guard PreferenceMethod(rawValue: method) != nil || method == "full" || method == "lora" else {
                throw ValidationError(text("未知方法 \(method)", "unknown method \(method)"))
            }
        }

        func run() throws {
            let preference = PreferenceMethod(rawValue: method)
            let loading = ModelLoading(home: model.home.folder)
            let location = try loading.locate(model.model)
            let base = try TrainingSession.open(location, seed: options.seed)
            let definition = try TokenizerDefinition(file: base)
            let kind: DatasetForm.Kind = preference.map { $0 == .kto ? .judged : .pairs } ?? .rows
            let rows = try TrainingData(
                data, options, file: base, definition: definition, tokenizer: try Tokenizer(definition), kind: kind)
            let isAdapter = method == "lora" || (preference != nil && shape.rank != nil)
            let part =
                isAdapter ? shape.part(adapter: nil, base: base, baseName: location.path) : TrainedPart.everything
            let count = rows.count
            let settings = options.settings(rows: count, defaultRate: 1e-4)
            let plan = TrainingPlan(base: base, part: part, rows: rows, settings: settings, preference: preference)
            let estimate = try plan.estimate()
            let pool = try WorkerPool(threads: options.threads.count)
            let speed = try MachineSpeed(
                measuredFor: base, rows: settings.microBatchTokens, pool: pool, seconds: { Seconds.now })
            let time = plan.seconds(estimate, speed: speed)
            if json {
                return try Output.json(
                    Answer(
                        bytes: estimate.bytes, frozen: estimate.frozen, trained: estimate.values,
                        gradients: estimate.gradients, moments: estimate.moments, activations: estimate.activations,
                        working: estimate.working, trained_values: estimate.trainedValues, seconds: time.run,
                        seconds_per_step: time.step, tokens_per_second: time.tokens / time.step,
                        gflops: speed.operations / 1e9,
                        steps: settings.schedule.steps))
            }
            show(estimate, time, speed, settings)
        }

        private func show(
            _ e: TrainingEstimate, _ time: (step: Double, run: Double, tokens: Double), _ speed: MachineSpeed,
            _ settings: TrainerSettings
        ) {
            var table = Table(header: [text("内存", "memory"), ""], rightAligned: [1])
            let parts = [
                (text("不训练的权重", "frozen weights"), e.frozen), (text("训练的参数", "trained values"), e.values),
                (text("梯度", "gradients"), e.gradients), (text("优化器", "optimizer"), e.moments),
                (text("激活", "activations"), e.activations), (text("工作区", "working memory"), e.working),
                (text("参考模型", "reference model"), e.reference),
                (text("程序本身", "the program itself"), TrainingEstimate.program), (text("合计", "in all"), e.bytes),
            ]
            for (name, bytes) in parts where bytes > 0 { table.add([name, Bytes.text(bytes)]) }
            Output.line(table.description)
            let hours = String(format: "%.1f", time.run / 60)
            Output.line(
                text(
                    "\(settings.schedule.steps) 步，每步约 \(String(format: "%.2f", time.step)) 秒，共约 \(hours) 分钟（\(String(format: "%.0f", time.tokens / time.step)) 词元/秒；本机实测 \(String(format: "%.0f", speed.operations / 1e9)) GFLOP/s）",
                    "\(settings.schedule.steps) steps of about \(String(format: "%.2f", time.step)) s, \(hours) minutes in all "
                        + "(\(String(format: "%.0f", time.tokens / time.step)) tokens/s; measured here: "
                        + "\(String(format: "%.0f", speed.operations / 1e9)) GFLOP/s)"))
            Output.note(
                text(
                    "微调改变回答的方式，不适合用来记住事实：事实请放进文档，由检索找到。",
                    "Tuning changes how a model answers. It is no way to make it remember facts: keep those in documents, "
                        + "where retrieval finds them."))
        }
    }
}
