import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Training

/// A case of the training references: its command, its rows, what must come out.
struct ReferenceCase {
    let name: String
    let arguments: [String]
    let options: [String: Any]
    let expected: [String: Any]
    let tensors: SafetensorsFile
    let rowsFile: String

    static func folder(_ name: String) -> URL {
        Shared.folder.appendingPathComponent("reference/training/\(name)")
    }

    init(_ name: String, run: Int = 0) throws {
        self.name = name
        let folder = Self.folder(name)
        let command = try Self.object(folder.appendingPathComponent("command.json"))
        let runs = try #require(command["runs"] as? [[String: Any]])
        arguments = try #require(runs[run]["arguments"] as? [String])
        options = try #require(runs[run]["options"] as? [String: Any])
        expected = try Self.object(folder.appendingPathComponent("expected.json"))
        tensors = try SafetensorsFile(folder.appendingPathComponent("expected.safetensors"))
        rowsFile = options["data"] as? String ?? "rows.jsonl"
    }

    static func object(_ url: URL) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
        return try #require(value as? [String: Any])
    }

    func number(_ key: String) -> Double? { (options[key] as? NSNumber)?.doubleValue }
    func text(_ key: String) -> String? { options[key] as? String }

    func url(_ key: String) -> URL? {
        text(key).map { Self.folder(name).appendingPathComponent($0).standardizedFileURL }
    }

    func objects() throws -> [[String: Any]] {
        try Shared.jsonLines("reference/training/\(name)/\(rowsFile)")
    }

    func rows() throws -> [TrainingRow] {
        try objects().map { object in
            TrainingRow(
                tokens: try Self.ids(object, "input_ids"), labels: try Self.ids(object, "labels"),
                positions: object["position_ids"] == nil ? nil : try Self.ids(object, "position_ids"))
        }
    }

    static func ids(_ object: [String: Any], _ key: String) throws -> [Int32] {
        try #require(object[key] as? [NSNumber]).map(\.int32Value)
    }

    func preferenceRows() throws -> PreferenceObjective.Rows {
        let objects = try objects()
        if objects.first?["completion_ids"] != nil {
            return .judged(
                try objects.map {
                    JudgedCompletion(
                        prompt: try Self.ids($0, "prompt_ids"), completion: try Self.ids($0, "completion_ids"),
                        isWanted: try #require($0["label"] as? Bool))
                })
        }
        return .pairs(
            try objects.map {
                PreferencePair(
                    prompt: try Self.ids($0, "prompt_ids"), chosen: try Self.ids($0, "chosen_ids"),
                    rejected: try Self.ids($0, "rejected_ids"))
            })
    }

    func settings() throws -> TrainerSettings {
        let schedule = LearningRateSchedule(
            peak: try #require(number("learning-rate")),
            shape: LearningRateSchedule.Shape(rawValue: text("schedule") ?? "constant") ?? .constant,
            steps: Int(try #require(number("steps"))), warmupSteps: Int(number("warmup-steps") ?? 0))
        let optimizer = OptimizerSettings(
            beta1: number("beta1") ?? 0.9, beta2: number("beta2") ?? 0.999, epsilon: number("epsilon") ?? 1e-8,
            weightDecay: number("weight-decay") ?? 0, clipNorm: number("clip-norm") ?? 1)
        return TrainerSettings(
            schedule: schedule, optimizer: optimizer, batchRows: Int(try #require(number("batch-rows"))),
            shuffles: false)
    }

    func part() throws -> (part: TrainedPart, adapter: LoRAAdapter?) {
        if let folder = url("adapter") {
            let adapter = try LoRAAdapter.read(folder: folder)
            return (.lowRank(adapter.configuration), adapter)
        }
        guard arguments.contains("lora") else { return (.everything, nil) }
        let names = text("target-modules")?.split(separator: ",").map(String.init) ?? LoRAConfiguration.projections
        return (
            .lowRank(
                LoRAConfiguration(
                    rank: Int(try #require(number("rank"))), alpha: try #require(number("alpha")),
                    targets: .names(names))), nil
        )
    }

    /// A trainer as the command asks for it.
    func trainer(
        threads: Int = 2, instructionSet: InstructionSet = .current, communicator: any Communicator = SingleProcess(),
        change: (inout TrainerSettings) -> Void = { _ in }
    ) throws -> Trainer {
        let pool = try WorkerPool(threads: threads, instructionSet: instructionSet)
        let (part, adapter) = try part()
        let file = try ModelFile.open(try #require(url("model")))
        let model = try TrainingModel(file: file, part: part, seed: UInt64(number("seed") ?? 0))
        if let adapter { try model.load(adapter) }
        var settings = try settings()
        change(&settings)
        guard arguments.contains("preference") else {
            let objective = SupervisedObjective(source: RowsInMemory(try rows()), settings: settings)
            return try Trainer(
                model: model, settings: settings, objective: objective, pool: pool, communicator: communicator)
        }
        let method = try #require(PreferenceMethod(rawValue: text("method") ?? ""))
        let frozen = try ModelFile.open(try #require(url("reference") ?? url("model")))
        let reference = method.needsReference ? try TrainingModel(file: frozen, part: .nothing, seed: 0) : nil
        let objective = PreferenceObjective(
            method, rows: try preferenceRows(), beta: number("beta") ?? 0, gamma: number("gamma") ?? 0,
            reference: reference, settings: settings)
        return try Trainer(
            model: model, settings: settings, objective: objective, pool: pool, communicator: communicator)
    }
}

extension SafetensorsFile {
    /// An f32 tensor's values.
    func floats(_ name: String) throws -> [Float] {
        let bytes = try read(name)
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
        }
    }
}

/// A trained tensor under its name in the reference, in Hugging Face's order of rows.
struct NamedTensors {
    let trainer: Trainer

    /// The arena's name of a tensor of the reference.
    static func name(_ reference: String) -> String {
        var name = reference.hasPrefix("base_model.model.") ? String(reference.dropFirst(17)) : reference
        name = name.hasPrefix("model.") ? String(name.dropFirst(6)) : name
        for (from, to) in [
            ("embed_tokens", "token_embd"), ("lm_head", "output"), ("layers.", "blk."),
            ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm"),
            ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
            ("self_attn.o_proj", "attn_output"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"),
            ("mlp.down_proj", "ffn_down"), (".lora_A.weight", ".lora_a"), (".lora_B.weight", ".lora_b"),
            (".lora_magnitude_vector", ".magnitude"),
        ] { name = name.replacingOccurrences(of: from, with: to) }
        return name == "norm.weight" ? "output_norm.weight" : name
    }

    func values(_ reference: String, gradient: Bool) throws -> [Float] {
        let parameter = try #require(trainer.model.parameter(Self.name(reference)), "no tensor \(reference)")
        let buffer = gradient ? trainer.model.arena.gradients : trainer.model.arena.values
        let values = buffer.array(parameter.range), configuration = trainer.model.configuration
        let isTurned = parameter.name.contains("attn_q.") || parameter.name.contains("attn_k.")
        guard configuration.architecture == .llama, isTurned, !parameter.name.hasSuffix("lora_a") else { return values }
        // GGUF's row 2i + s of a head is Hugging Face's row s · d/2 + i.
        let d = configuration.keyLength, width = parameter.rows == 1 ? 1 : parameter.columns
        return (0..<values.count / width).flatMap { row in
            let within = row % d, from = row / d * d + 2 * (within % (d / 2)) + within / (d / 2)
            return values[from * width..<(from + 1) * width]
        }
    }
}
