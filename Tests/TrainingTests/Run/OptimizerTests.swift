import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Training

/// Schedules and optimizers against their references.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct OptimizerTests {
    @Test func schedules() throws {
        let file = ReferenceCase.folder("schedules").appendingPathComponent("expected.json")
        let tables = try #require(try ReferenceCase.object(file)["tables"] as? [[String: Any]])
        #expect(tables.count > 10)
        for table in tables {
            let options = try #require(table["options"] as? [String: Any])
            func number(_ key: String) -> Double { (options[key] as? NSNumber)?.doubleValue ?? 0 }
            let shape = try #require(LearningRateSchedule.Shape(rawValue: options["schedule"] as? String ?? ""))
            let decay = try #require(
                LearningRateSchedule.Decay(rawValue: options["decay-shape"] as? String ?? "linear"))
            let schedule = LearningRateSchedule(
                peak: number("learning-rate"), shape: shape, steps: Int(number("steps")),
                warmupSteps: Int(number("warmup-steps")), decaySteps: Int(number("decay-steps")),
                minimumRatio: number("min-ratio"), decay: decay)
            let rates = try #require(table["learning_rate"] as? [NSNumber]).map(\.doubleValue)
            for (step, rate) in rates.enumerated() {
                #expect(abs(schedule.rate(at: step) - rate) <= 1e-6 * rate, "\(options), step \(step)")
            }
        }
    }

    /// Lengths that leave no room: a finite rate, never above the peak, never below zero.
    @Test func oddSchedules() {
        for shape in LearningRateSchedule.Shape.allCases {
            for (steps, warmup, decay) in [(1, 0, 0), (1, 5, 0), (3, 3, 3), (4, 2, 9), (10, 20, 30), (1, 1, 1)] {
                let schedule = LearningRateSchedule(
                    peak: 0.5, shape: shape, steps: steps, warmupSteps: warmup, decaySteps: decay)
                for step in 0...steps + 2 {
                    let rate = schedule.rate(at: step)
                    #expect(rate.isFinite && (0...0.5).contains(rate), "\(schedule) \(step)")
                }
            }
        }
    }

    /// Two steps of Muon and, for what is no hidden matrix, AdamW.
    @Test(arguments: [1, 3])
    func muon(threads: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("muon-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let config: [String: Any] = [
            "model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], "hidden_size": 24, "num_hidden_layers": 1,
            "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 8, "intermediate_size": 37,
            "vocab_size": 41, "rms_norm_eps": 1e-6, "rope_theta": 10_000, "max_position_embeddings": 64,
            "tie_word_embeddings": false, "hidden_act": "silu",
        ]
        try JSONSerialization.data(withJSONObject: config).write(to: folder.appendingPathComponent("config.json"))
        let model = try TrainingModel(
            file: try ModelFile.untrained(folder, seed: 1), part: .everything, seed: 0)
        let source = ReferenceCase.folder("muon")
        let expected = try ReferenceCase.object(source.appendingPathComponent("expected.json"))
        let file = try SafetensorsFile(source.appendingPathComponent("expected.safetensors"))
        let kinds = try #require(expected["tensors"] as? [String: String])
        let muon = try #require(expected["muon"] as? [String: Any]),
            adamw = try #require(expected["adamw"] as? [String: Any])
        func number(_ table: [String: Any], _ key: String) throws -> Double {
            try #require(table[key] as? NSNumber, "\(key)").doubleValue
        }
        let rate = try number(adamw, "learning_rate")
        let settings = OptimizerSettings(
            method: .muon, beta1: try number(adamw, "beta1"), beta2: try number(adamw, "beta2"),
            epsilon: try number(adamw, "epsilon"), weightDecay: try number(adamw, "weight_decay"), clipNorm: 0,
            momentum: try number(muon, "momentum"), muonRateRatio: try number(muon, "learning_rate") / rate)
        let optimizer = try Optimizer(settings, arena: model.arena), pool = try WorkerPool(threads: threads)
        for (name, kind) in kinds {
            let parameter = try #require(model.parameter(NamedTensors.name(name)), "\(name)")
            model.arena.values.store(try file.floats("\(name)/weight.0"), at: parameter.offset)
            let moment = kind == "muon" ? "momentum" : "m"
            optimizer.first.store(try file.floats("\(name)/\(moment).0"), at: parameter.offset)
            if kind != "muon" { optimizer.second.store(try file.floats("\(name)/v.0"), at: parameter.offset) }
        }
        for step in 1...2 {
            for name in kinds.keys {
                let parameter = try #require(model.parameter(NamedTensors.name(name)))
                model.arena.gradients.store(try file.floats("\(name)/grad.\(step)"), at: parameter.offset)
            }
            optimizer.step(rate: rate, number: step + 1, norm: 1, pool: pool)
            for (name, kind) in kinds {
                let parameter = try #require(model.parameter(NamedTensors.name(name)))
                let moment = kind == "muon" ? "momentum" : "m"
                for (buffer, key) in [(model.arena.values, "weight"), (optimizer.first, moment)] {
                    let want = try file.floats("\(name)/\(key).\(step)"), got = buffer.array(parameter.range)
                    let error = zip(got, want).reduce(0) { max($0, abs($1.0 - $1.1)) }
                    #expect(error <= 2e-5, "\(name) \(key) \(step): \(error)")
                }
            }
        }
    }

    /// NEFTune with the noise of the reference.
    @Test func noise() throws {
        let folder = ReferenceCase.folder("neftune")
        let expected = try ReferenceCase.object(folder.appendingPathComponent("expected.json"))
        let file = try SafetensorsFile(folder.appendingPathComponent("expected.safetensors"))
        let base = folder.appendingPathComponent(try #require(expected["model"] as? String)).standardizedFileURL
        let model = try TrainingModel(file: try ModelFile.open(base), part: .everything, seed: 0)
        let rows = try Shared.jsonLines("reference/training/neftune/rows.jsonl").map { object in
            TrainingRow(
                tokens: try ReferenceCase.ids(object, "input_ids"), labels: try ReferenceCase.ids(object, "labels"))
        }
        let tokens = rows.reduce(0) { $0 + $1.trainedCount }
        #expect(tokens == expected["tokens"] as? Int)
        func number(_ key: String) throws -> Double { try #require(expected[key] as? NSNumber).doubleValue }
        let alpha = try number("alpha"), width = model.configuration.embeddingLength
        let noise = try rows.indices.flatMap { row in
            let scale = Float(alpha / Double(rows[row].tokens.count * width).squareRoot())
            return try file.floats("noise.\(row)").map { $0 * scale }
        }
        let pool = try WorkerPool(threads: 2)
        let batch = TrainingBatch(rows, sharing: false) { _ in 1 / Float(tokens) }
        let space = try TrainingWorkspace(model: model, rows: batch.tokens.count, targets: tokens, recomputes: false)
        for (buffer, key) in [(nil, "loss_without_noise"), (try FloatBuffer(noise), "loss")] {
            model.clearGradient(pool: pool)
            let values = model.addGradient(
                batch, workspace: space, pool: pool, ratios: try model.magnitudeRatios(pool: pool), noise: buffer)
            let loss = -values.reduce(0) { $0 + Double($1) } / Double(tokens), want = try number(key)
            #expect(abs(loss - want) <= 1e-4 * want)
        }
        let norm = try Optimizer(OptimizerSettings(), arena: model.arena).gradientNorm(pool: pool)
        #expect(abs(norm - (try number("grad_norm"))) <= 1e-3 * norm)
        for tensor in file.tensors where tensor.name.hasPrefix("grad.") {
            let parameter = try #require(model.parameter(NamedTensors.name(String(tensor.name.dropFirst(5)))))
            let want = try file.floats(tensor.name), got = model.arena.gradients.array(parameter.range)
            let size = ReferenceTrainingTests.distance(want, [Float](repeating: 0, count: want.count))
            #expect(ReferenceTrainingTests.distance(got, want) <= 1e-4 * size, "\(tensor.name)")
        }
    }
}
