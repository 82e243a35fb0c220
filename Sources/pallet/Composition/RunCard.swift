import Foundation
import Training

/// What a run was and what came of it: `run.json`.
struct RunCard: Encodable {
    let method, model, ending: String
    let steps: Int
    let seconds, tokens_per_second: Double
    /// Of the machine's multiply-adds in registers, 0 to 1, and how many those are in 10⁹ operations a second.
    let peak_share, fma_peak_gflops: Double?
    let threads, trained_values, rows, tokens, trained_tokens, held_out_rows, replay_rows, general_rows: Int
    let held_out_before, held_out_after, general_before, general_after: HeldOutScore?
    let best_step: Int?
    let cpu, version: String
    /// SHA-256 of the program, of the chat template, and of all of `identity`; those of model, data and vocabulary are
    /// in `identity`.
    let code, template: String?
    let configuration: String
    let identity: [String: String]
    /// Nil where none were made.
    var samples: [RunSample]?

    func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        // A loss that is no number must not cost the card.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try encoder.encode(self).write(to: url, options: .atomic)
    }
}
