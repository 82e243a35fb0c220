import ArgumentParser
import Foundation
import ModelFormats
import Training

/// How a run goes, the same for every way to train.
struct TrainingOptions: ParsableArguments {
    @Option(help: ArgumentHelp(text("运行目录：模型或适配器、指标、检查点", "folder of the run: model or adapter, metrics, checkpoint")))
    var output = ""
    @Option(help: ArgumentHelp(text("步数", "steps"))) var steps: Int?
    @Option(help: ArgumentHelp(text("遍数（默认 1）", "passes over the data (default 1)"))) var epochs: Double?
    @Option(name: .customLong("batch-rows"), help: ArgumentHelp(text("每步行数", "rows of a step"))) var batchRows = 8
    @Option(
        name: .customLong("micro-batch-tokens"),
        help: ArgumentHelp(text("一次计算的词元数，越大越快、越占内存", "tokens computed at once: more is faster and takes memory")))
    var microBatchTokens = 1024
    @Option(name: .customLong("learning-rate"), help: ArgumentHelp(text("学习率", "learning rate"))) var learningRate:
        Double?
    @Option(help: "β₁") var beta1 = 0.9
    @Option(help: "β₂") var beta2 = 0.999
    @Option(help: "ε") var epsilon = 1e-8
    @Option(name: .customLong("weight-decay"), help: ArgumentHelp(text("权重衰减", "weight decay"))) var weightDecay = 0.0
    @Option(name: .customLong("clip-norm"), help: ArgumentHelp(text("梯度范数上限，0 为不限", "largest gradient norm; 0 is off")))
    var clipNorm = 1.0
    @Option(name: .customLong("warmup-steps"), help: ArgumentHelp(text("预热步数", "steps of the warm-up")))
    var warmupSteps = 0
    @Option(help: "constant | linear | cosine | wsd") var schedule = "constant"
    @Option(name: .customLong("decay-steps"), help: ArgumentHelp(text("wsd 的下降步数", "steps of the decay of wsd")))
    var decaySteps = 0
    @Option(name: .customLong("decay-shape"), help: "linear | 1-sqrt") var decayShape = "linear"
    @Option(name: .customLong("min-ratio"), help: ArgumentHelp(text("最低学习率所占比例", "lowest rate as a share of the peak")))
    var minimumRatio = 0.0
    @Option(help: "adamw | muon") var optimizer = "adamw"
    @Option(help: ArgumentHelp(text("随机种子", "seed"))) var seed: UInt64 = 0
    @Flag(
        name: .customLong("no-shuffle"),
        help: ArgumentHelp(
            text("按文件顺序逐行训练，不打乱、不拼接、不留验证行", "every row in the order of the file: no shuffling, packing, held-out rows"))
    )
    var noShuffle = false
    @Flag(help: ArgumentHelp(text("把短行拼到上下文长度", "pack short rows up to the context"))) var pack = false
    @Option(help: ArgumentHelp(text("NEFTune 噪声 α", "α of NEFTune's noise"))) var neftune = 0.0
    @Flag(help: ArgumentHelp(text("反向时重算激活，省内存", "compute activations again on the way back: less memory")))
    var recompute = false
    @Option(help: ArgumentHelp(text("另存一份逐步指标", "a second file of the metrics of each step"), valueName: "file"))
    var metrics: String?
    @Option(
        name: .customLong("validation-share"),
        help: ArgumentHelp(text("留出多少行看效果（默认 5%）", "share of the rows that are held out (default 5 %)")))
    var validationShare: Double?
    @Option(
        name: .customLong("validate-every"),
        help: ArgumentHelp(text("每多少步看一次留出行；最好的一步会被保留", "steps between looks at held-out rows; the best state is kept"))
    )
    var validateEvery = 0
    @Option(help: ArgumentHelp(text("多少次不见好转即停止", "looks without improvement after which the run stops"))) var patience:
        Int?
    @Option(
        name: .customLong("save-every"),
        help: ArgumentHelp(text("每多少步存检查点（默认每两分钟）", "steps between checkpoints (default: two minutes)")))
    var saveEvery: Int?
    @Option(
        help: ArgumentHelp(
            text("混入的通用数据文件，防止遗忘", "general rows that are mixed in against forgetting"), valueName: "file"))
    var replay: [String] = []
    @Option(
        name: .customLong("replay-share"),
        help: ArgumentHelp(text("通用数据所占比例（默认 0.15）", "their share of the rows (default 0.15)")))
    var replayShare: Double?
    @Option(
        help: ArgumentHelp(
            text(
                "看遗忘的通用数据文件（可多次）：只在训练前后各算一次损失，至多 32 行",
                "general rows or text to see forgetting by (repeatable): their loss before and after, 32 rows at most"),
            valueName: "file"))
    var forgetting: [String] = []
    @Option(
        help: ArgumentHelp(
            text("训练后用前几个留出的问题比较训练前后的回答，0 为不比较", "held-out questions answered by both models at the end; 0 is off")))
    var samples = 3
    @Option(
        help: ArgumentHelp(
            text(
                "量化底座的前向计算：exact 精确（f32），integer 用推理内核（快得多）",
                "forward pass through quantised weights: exact (f32), or integer (the serving kernels: much faster)")))
    var forward = "exact"
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        func require(_ holds: Bool, _ chinese: String, _ english: String) throws {
            if !holds { throw ValidationError(text(chinese, english)) }
        }
        try require(
            (1...1_000_000_000).contains(steps ?? 1), "--steps 应在 1 与 1000000000 之间",
            "--steps must be from 1 to 1000000000")
        let passes = epochs ?? 1
        try require(passes > 0 && passes.isFinite, "--epochs 应大于 0", "--epochs must be above 0")
        try require(
            (1...1 << 20).contains(batchRows), "--batch-rows 应在 1 与 1048576 之间",
            "--batch-rows must be from 1 to 1048576")
        try require(
            (16...1 << 20).contains(microBatchTokens), "--micro-batch-tokens 应在 16 与 1048576 之间",
            "--micro-batch-tokens must be from 16 to 1048576")
        let rate = learningRate ?? 1
        try require(rate > 0 && rate.isFinite, "--learning-rate 应大于 0", "--learning-rate must be above 0")
        for (name, value) in [("beta1", beta1), ("beta2", beta2)] {
            try require((0..<1).contains(value), "--\(name) 应在 [0, 1)", "--\(name) must be in [0, 1)")
        }
        try require(epsilon > 0 && epsilon.isFinite, "--epsilon 应大于 0", "--epsilon must be above 0")
        for (name, value) in [("weight-decay", weightDecay), ("clip-norm", clipNorm), ("neftune", neftune)] {
            try require(value >= 0 && value.isFinite, "--\(name) 不得为负", "--\(name) must be 0 or above")
        }
        for (name, value) in [("warmup-steps", warmupSteps), ("decay-steps", decaySteps)] {
            try require(
                (0...1_000_000_000).contains(value), "--\(name) 应在 0 与 1000000000 之间",
                "--\(name) must be from 0 to 1000000000")
        }
        try require((0...1).contains(minimumRatio), "--min-ratio 应在 0 与 1 之间", "--min-ratio must be from 0 to 1")
        try require(
            LearningRateSchedule.Shape(rawValue: schedule) != nil, "--schedule 应为 constant、linear、cosine 或 wsd",
            "--schedule must be constant, linear, cosine or wsd")
        try require(
            LearningRateSchedule.Decay(rawValue: decayShape) != nil, "--decay-shape 应为 linear 或 1-sqrt",
            "--decay-shape must be linear or 1-sqrt")
        try require(
            ForwardPrecision(rawValue: forward) != nil, "--forward 应为 exact 或 integer",
            "--forward must be exact or integer")
        try require(
            OptimizerSettings.Method(rawValue: optimizer) != nil, "--optimizer 应为 adamw 或 muon",
            "--optimizer must be adamw or muon")
        for (name, value) in [("validation-share", validationShare), ("replay-share", replayShare)] {
            try require(
                (0..<1).contains(value ?? 0), "--\(name) 应在 [0, 1)", "--\(name) must be from 0 to below 1")
        }
        try require(validateEvery >= 0, "--validate-every 不得为负", "--validate-every must be 0 or above")
        try require((0...1000).contains(samples), "--samples 应在 0 与 1000 之间", "--samples must be from 0 to 1000")
        for (name, value) in [("patience", patience), ("save-every", saveEvery)] {
            try require((value ?? 1) >= 1, "--\(name) 至少为 1", "--\(name) must be at least 1")
        }
        try refuseWithoutEffect()
    }

    /// What would be taken and then not heeded.
    private func refuseWithoutEffect() throws {
        func require(_ holds: Bool, _ chinese: String, _ english: String) throws {
            if !holds { throw ValidationError(text(chinese, english)) }
        }
        try require(
            (schedule == "wsd") == (decaySteps > 0), "--schedule wsd 与 --decay-steps 必须一起给出",
            "--schedule wsd and --decay-steps go together: give both or neither")
        try require(
            replayShare == nil || !replay.isEmpty, "--replay-share 需要 --replay", "--replay-share needs --replay")
        try require(
            patience == nil || validateEvery > 0, "--patience 需要 --validate-every",
            "--patience needs --validate-every")
    }

    /// The share of general rows that is mixed in.
    var shareOfReplay: Double { replayShare ?? 0.15 }

    /// The settings of a run over so many rows.
    func settings(rows: Int, defaultRate: Double) -> TrainerSettings {
        let passes = Double(rows) * (epochs ?? 1) / Double(batchRows)
        let length = steps ?? max(1, Int(min(passes.rounded(.up), 1e9)))
        let schedule = LearningRateSchedule(
            peak: learningRate ?? defaultRate, shape: .init(rawValue: schedule) ?? .constant, steps: length,
            warmupSteps: warmupSteps, decaySteps: decaySteps, minimumRatio: minimumRatio,
            decay: .init(rawValue: decayShape) ?? .linear)
        let optimizer = OptimizerSettings(
            method: .init(rawValue: self.optimizer) ?? .adamw, beta1: beta1, beta2: beta2, epsilon: epsilon,
            weightDecay: weightDecay, clipNorm: clipNorm)
        return TrainerSettings(
            schedule: schedule, optimizer: optimizer, batchRows: batchRows, microBatchTokens: microBatchTokens,
            seed: seed, shuffles: !noShuffle, recomputes: recompute, noise: neftune,
            forward: ForwardPrecision(rawValue: forward) ?? .exact)
    }
}

/// The shape of an adapter.
struct AdapterShapeOptions: ParsableArguments {
    @Option(help: ArgumentHelp(text("适配器的秩（默认 16）", "rank of the adapter (default 16)"))) var rank: Int?
    @Option(help: ArgumentHelp(text("缩放 α（默认为秩的两倍）", "its α (default: twice the rank)"))) var alpha: Double?
    @Option(
        name: .customLong("target-modules"),
        help: ArgumentHelp(
            text("作用的层，逗号分隔（默认全部七个投影）", "layers it changes, comma-separated (default: all seven projections)")))
    var targetModules: String?
    @Option(
        help: ArgumentHelp(text("只训练最后几层（默认全部）：更快，更省内存", "train the last so many blocks only (default: all): faster")))
    var layers: Int?
    @Flag(help: ArgumentHelp(text("缩放用 α/√r", "scale by α/√r"))) var rslora = false
    @Flag(help: ArgumentHelp(text("另训练每行的长度", "train the length of each row too"))) var dora = false
    @Option(help: ArgumentHelp(text("从此 PEFT 目录继续", "PEFT folder to start from"), valueName: "folder")) var adapter:
        String?

    func validate() throws {
        if let rank, !(1...4096).contains(rank) {
            throw ValidationError(text("--rank 应在 1 与 4096 之间", "--rank must be from 1 to 4096"))
        }
        if let layers, layers < 1 {
            throw ValidationError(text("--layers 至少为 1", "--layers must be at least 1"))
        }
        if let alpha, !(alpha > 0 && alpha.isFinite) {
            throw ValidationError(text("--alpha 应大于 0", "--alpha must be above 0"))
        }
    }

    /// Refuses what contradicts the adapter to start from, which has its shape already.
    func checkAgreement(with start: LoRAConfiguration) throws {
        var wrong: [String] = []
        if let rank, rank != start.rank { wrong.append("--rank \(rank)") }
        if let alpha, alpha != start.alpha { wrong.append("--alpha \(alpha)") }
        if rslora, !start.usesRankStabilisedScale { wrong.append("--rslora") }
        if dora, !start.usesDoRA { wrong.append("--dora") }
        if let layers { wrong.append("--layers \(layers)") }
        if let targetModules {
            let names = targetModules.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            let same = if case .names(let own) = start.targets { Set(own) == Set(names) } else { false }
            if !same { wrong.append("--target-modules \(targetModules)") }
        }
        guard wrong.isEmpty else {
            let list = wrong.joined(separator: " ")
            throw Failure(
                .usage, "\(list) 与 --adapter 给出的适配器不符：它的秩为 \(start.rank)、α 为 \(start.alpha)。请去掉这些选项，或不用 --adapter",
                "\(list) contradicts the adapter that --adapter names, of rank \(start.rank) and α \(start.alpha). "
                    + "Leave these options out, or start without --adapter")
        }
    }

    /// What is trained: the adapter to start from says it, or these options.
    func part(adapter: LoRAAdapter?, base: ModelFile, baseName: String) -> TrainedPart {
        if let adapter { return .lowRank(adapter.configuration) }
        let rank = rank ?? 16
        let names = targetModules?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        var targets = LoRAConfiguration.Targets.names(names ?? LoRAConfiguration.projections)
        let blocks = base.configuration.blockCount
        if let layers, layers < blocks {
            // PEFT takes one expression for the whole name of a module.
            let numbers = (blocks - layers..<blocks).map(String.init).joined(separator: "|")
            let modules = (names ?? LoRAConfiguration.projections).joined(separator: "|")
            targets = .pattern("model\\.layers\\.(\(numbers))\\.(self_attn|mlp)\\.(\(modules))")
        }
        return .lowRank(
            LoRAConfiguration(
                rank: rank, alpha: alpha ?? Double(2 * rank), targets: targets,
                usesRankStabilisedScale: rslora, usesDoRA: dora, baseName: baseName))
    }
}
