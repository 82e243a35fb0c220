import ArgumentParser
import Foundation
import ModelFormats
import Tensors
import Tokenizers
import Training
import Transformers

/// What the demo tunes and how long: decided once, kept in the run's folder, so that a run that was stopped goes on
/// with the same steps on a machine that is faster or slower today.
struct DemoTuningPlan: Codable, Equatable {
    /// Of the rows.
    let data: String
    let model: String
    let recipe: [String]
    let steps: Int
    let secondsPerStep: Double

    /// Seconds of training that are aimed at.
    static let seconds = 180.0
    /// Fewer steps teach nothing, more are no demo.
    static let possibleSteps = 6...40
    static let rowsPerStep = 8
    /// Blocks that are trained, from the last one down: what lies below is only computed forward.
    private static let blocks = 12

    /// How the run goes, but for its length.
    private static let recipe = [
        "--batch-rows", "\(rowsPerStep)", "--learning-rate", "3e-4", "--schedule", "cosine", "--min-ratio", "0.1",
        "--warmup-steps", "2", "--validation-share", "0", "--forward", "integer", "--save-every", "4",
    ]
    private static let shapeRecipe = ["--rank", "16", "--layers", "\(blocks)"]

    static func file(in folder: RunFolder) -> URL { folder.url.appendingPathComponent("plan.json") }

    /// The options of the run, as a user would give them to `pallet train lora`.
    static func arguments(_ folder: RunFolder, steps: Int, threads: Int) throws -> TrainingOptions {
        try TrainingOptions.parse(
            recipe + ["--output", folder.url.path, "--steps", "\(steps)", "--threads", "\(threads)"])
    }

    static func shape() throws -> AdapterShapeOptions { try AdapterShapeOptions.parse(shapeRecipe) }

    static func data(_ rows: URL) throws -> TrainingDataOptions {
        try TrainingDataOptions.parse(["--data", rows.path])
    }

    /// Measures this machine for a third of a second and plans as many steps as fit the time.
    init(home: Home, model: String, rows: URL, folder: RunFolder, threads: Int) throws {
        data = try FileHash.of(rows)
        self.model = model
        recipe = Self.recipe + Self.shapeRecipe
        let options = try Self.arguments(folder, steps: 1, threads: threads), shape = try Self.shape()
        let location = try ModelLoading(home: home).locate(model)
        let base = try ModelFile.open(location)
        let definition = try TokenizerDefinition(file: base)
        let made = try TrainingData(
            try Self.data(rows), options, file: base, definition: definition, tokenizer: try Tokenizer(definition),
            kind: .rows)
        let settings = options.settings(rows: made.count, defaultRate: 2e-4)
        let plan = TrainingPlan(
            base: base, part: shape.part(adapter: nil, base: base, baseName: location.path), rows: made,
            settings: settings, preference: nil)
        let speed = try MachineSpeed(
            measuredFor: base, rows: settings.microBatchTokens, pool: try WorkerPool(threads: threads),
            seconds: { Seconds.now })
        secondsPerStep = plan.seconds(try plan.estimate(), speed: speed).step
        let fitting = Int(min(Self.seconds / max(secondsPerStep, 1e-3), 1e6))
        steps = min(max(fitting, Self.possibleSteps.lowerBound), Self.possibleSteps.upperBound)
    }

    /// The plan of an earlier run, where it is of the same rows and model.
    static func kept(in folder: RunFolder, data: String, model: String) -> DemoTuningPlan? {
        guard let bytes = try? Data(contentsOf: file(in: folder)),
            let plan = try? JSONDecoder().decode(DemoTuningPlan.self, from: bytes), plan.data == data,
            plan.model == model, plan.recipe == recipe + shapeRecipe
        else { return nil }
        return plan
    }

    func write(to folder: RunFolder) throws {
        try JSONEncoder().encode(self).write(to: Self.file(in: folder), options: .atomic)
    }
}
