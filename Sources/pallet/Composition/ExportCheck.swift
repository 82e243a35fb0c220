import Foundation
import ModelFormats
import Tensors
import Tokenizers
import Transformers

/// Opens what was exported anew and compares it with what it was made from: logits of fixed texts, and the vocabulary,
/// template and stop tokens that the model was trained with.
struct ExportCheck {
    /// How far logits may lie apart for a type of weights: mean KL divergence in nats, over all positions.
    ///
    /// Plain types only round weights (f32: not even that); the bounds of block types are three times and more what
    /// such a type costs on published models, so that a wrong row order or scale is seen and rounding is not.
    static func bound(_ type: ModelExporter.WeightType, _ types: Set<ElementType>) -> Double {
        let bounds: [(ElementType, Double)] = [
            (.f32, 1e-7), (.f16, 1e-3), (.bf16, 0.02), (.q8_0, 0.02), (.q6_k, 0.06), (.q5_k, 0.15), (.q5_1, 0.15),
            (.q5_0, 0.2), (.q4_k, 0.4), (.q4_1, 0.4), (.q4_0, 0.5), (.iq4_nl, 0.4), (.iq4_xs, 0.4), (.q3_k, 1),
            (.q2_k, 3),
        ]
        let stored = type == .same ? types : types.union([.f32])
        return bounds.filter { stored.contains($0.0) }.map(\.1).max() ?? 0.5
    }

    /// What was found.
    struct Finding: Encodable {
        let positions: Int
        let largestDifference: Double
        let meanKL: Double
        let bound: Double
        let sameVocabulary: Bool
        let sameTemplate: Bool
        let sameStopTokens: Bool
        let sameEncoding: Bool

        var holds: Bool {
            meanKL <= bound && sameVocabulary && sameTemplate && sameStopTokens && sameEncoding
        }

        enum CodingKeys: String, CodingKey {
            case positions, bound
            case largestDifference = "largest_difference"
            case meanKL = "mean_kl"
            case sameVocabulary = "same_vocabulary"
            case sameTemplate = "same_template"
            case sameStopTokens = "same_stop_tokens"
            case sameEncoding = "same_encoding"
        }
    }

    /// Texts of several kinds, so that most weights have something to say.
    static let texts = [
        "押金在退房后七个工作日内原路退还；若有损坏，客服会先与您联系。",
        "The warranty period is 24 months, counted from the day of delivery.",
        "func total(_ items: [Item]) -> Int { items.reduce(0) { $0 + $1.price } }",
        "问：营业时间是几点？答：周一至周五 9:00–18:00，节假日除外。电话 400-820-1234。",
    ]
    private static let longest = 64

    let threads: Int
    private let pool: WorkerPool

    init(threads: Int) throws {
        self.threads = threads
        pool = try WorkerPool(threads: threads)
    }

    /// f32 where both models one after the other fit into half of the memory, the integer path otherwise.
    static func precision(of file: ModelFile) -> Precision {
        let weights = file.tensors.reduce(0) { $0 + $1.elementCount }
        return UInt64(weights) * 4 <= ProcessInfo.processInfo.physicalMemory / 2 ? .exact : .integer
    }

    /// The logits of the texts: [text][position][V].
    func logits(of file: ModelFile, adapter: LoRAAdapter?, precision: Precision) throws -> [[[Float]]] {
        let tokenizer = try Tokenizer(TokenizerDefinition(file: file))
        let base = try TransformerModel(file: file, precision: precision)
        let model = try adapter.map { try base.adapted(by: $0, threads: threads) } ?? base
        let workspace = try Workspace(model: model, rows: Self.longest)
        return try Self.texts.map { text in
            let longest = min(Self.longest, model.configuration.contextLength)
            let ids = tokenizer.encode(text, addSpecial: true, parseSpecial: false).prefix(longest)
            let step = SequenceStep(cache: try model.makeCache(), tokens: Array(ids), logits: .all)
            return try model.limited(to: ids.count).forward([step], workspace: workspace, pool: pool)[0]
        }
    }

    /// Compares; `expected` are the origin's logits.
    func compare(
        _ expected: [[[Float]]], from origin: ModelFile, with exported: ModelFile, adapter: LoRAAdapter?,
        precision: Precision, bound: Double
    ) throws -> Finding {
        let got = try logits(of: exported, adapter: adapter, precision: precision)
        var largest = 0.0
        var divergence = 0.0
        var positions = 0
        for (left, right) in zip(expected.joined(), got.joined()) {
            largest = max(largest, zip(left, right).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) })
            divergence += Self.divergence(left, right)
            positions += 1
        }
        let words = try VocabularyCheck(origin, exported, texts: Self.texts)
        return Finding(
            positions: positions, largestDifference: largest, meanKL: divergence / Double(max(1, positions)),
            bound: bound, sameVocabulary: words.sameVocabulary && expected.map(\.count) == got.map(\.count),
            sameTemplate: words.sameTemplate, sameStopTokens: words.sameStopTokens, sameEncoding: words.sameEncoding)
    }

    /// KL(left ‖ right) of the two distributions over the vocabulary, in nats.
    private static func divergence(_ left: [Float], _ right: [Float]) -> Double {
        guard left.count == right.count else { return .infinity }
        func normaliser(_ row: [Float]) -> Double {
            let most = Double(row.max() ?? 0)
            return most + log(row.reduce(0) { $0 + exp(Double($1) - most) })
        }
        let (a, b) = (normaliser(left), normaliser(right))
        let sum = zip(left, right).reduce(0.0) { sum, pair in
            let p = Double(pair.0) - a
            return sum + exp(p) * (p - (Double(pair.1) - b))
        }
        // Rounding can leave a hair below nothing.
        return sum.isFinite ? max(0, sum) : .infinity
    }
}
